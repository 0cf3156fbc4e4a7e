import { Controller, HttpCode, Injectable, Post, Req, type RawBodyRequest } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { IncomingMessage } from 'node:http';
import { verifyWebhook, type Occurrence } from '../../src/index.js';

/** In the application itself, which imports `EventEmitterModule.forRoot()` of @nestjs/event-emitter. */
@Injectable()
export class Reminders {
  readonly toReconnect = new Map<string, string>();

  @OnEvent('TokenSet.StatusUpdated')
  remind({ userId, data }: Occurrence<'TokenSet.StatusUpdated'>) {
    if (['reauthorization_required', 'revoked'].includes(data.to)) this.toReconnect.set(userId, data.target);
  }
}

const { WEBHOOK_SIGNING_KEY = '' } = process.env;

/** At another application: one that Nest creates with `{ rawBody: true }`. */
@Controller('webhooks/latchkey')
export class WebhooksController {
  private readonly seen = new Set<string>();

  @Post()
  @HttpCode(204)
  receive(@Req() { headers, rawBody = Buffer.alloc(0) }: RawBodyRequest<IncomingMessage>) {
    const message = verifyWebhook({ headers, rawBody, signingKey: WEBHOOK_SIGNING_KEY });
    if (this.seen.has(message.deliveryId)) return;
    this.seen.add(message.deliveryId);
    console.log(message.event, message.userId);
  }
}
