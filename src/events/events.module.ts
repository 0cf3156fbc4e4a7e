import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { CommonModule } from '../common/common.module.js';
import { Dispatcher } from './dispatcher.js';
import { Events } from './events.js';
import { Listeners } from './listeners.js';
import { PublishedEvent } from './published-event.entity.js';
import { Deliverer } from './webhooks/deliverer.js';
import { Deliveries } from './webhooks/deliveries.js';
import { DeliveryLog } from './webhooks/delivery-log.js';
import { DeliveryUpkeep } from './webhooks/delivery-upkeep.js';
import { Delivery } from './webhooks/delivery.entity.js';
import { HookDrafts } from './webhooks/hook-drafts.js';
import { HookSecretsSealer } from './webhooks/hook-secrets.js';
import { Hook } from './webhooks/hook.entity.js';
import { WantedEvents } from './webhooks/wanted-events.js';
import { WebhookSender } from './webhooks/webhook-sender.js';
import { WebhookTest } from './webhooks/webhook-test.js';
import { Webhooks } from './webhooks/webhooks.js';

const exported = [Events, Webhooks, WebhookTest, DeliveryLog];

/** Events and webhooks. Needs `SealingModule`. Every module that publishes imports this one; `TokenVaultModule` serves its routes. */
@Module({
  imports: [CommonModule, AuditModule, TypeOrmModule.forFeature([PublishedEvent, Hook, Delivery])],
  providers: [
    ...exported,
    Listeners,
    Dispatcher,
    WantedEvents,
    Deliveries,
    Deliverer,
    DeliveryUpkeep,
    HookDrafts,
    HookSecretsSealer,
    WebhookSender,
  ],
  exports: exported,
})
export class EventsModule {}
