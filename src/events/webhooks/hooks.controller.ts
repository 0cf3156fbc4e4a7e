import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Res,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { z } from 'zod';
import { Actor } from '../../common/actor.js';
import { ManagementGuard } from '../../common/management.guard.js';
import { SchemaPipe } from '../../common/schema.pipe.js';
import type { EventName } from '../event.js';
import {
  deliveryAnswer,
  hookAnswer,
  signedHookAnswer,
  type DeliveryAnswer,
  type HookAnswer,
  type SignedHookAnswer,
} from './answers.js';
import { hookChanges, hookTrial, logQuery, newHook } from './bodies.js';
import { DeliveryLog } from './delivery-log.js';
import { WebhookTest } from './webhook-test.js';
import { Webhooks } from './webhooks.js';

/**
 * Webhooks, at the paths and in the form of Logto's Management API. A change names what it changes and leaves the rest,
 * so there are no entity tags.
 */
@Controller('api/hooks')
@UseGuards(ManagementGuard)
@UsePipes(SchemaPipe)
export class HooksController {
  constructor(
    private readonly webhooks: Webhooks,
    private readonly log: DeliveryLog,
    private readonly trial: WebhookTest,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async list(): Promise<HookAnswer[]> {
    return (await this.webhooks.list()).map(hookAnswer);
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  async get(@Param('id') id: string): Promise<HookAnswer> {
    return hookAnswer(await this.webhooks.get(id));
  }

  /** The one answer, beside that of {@link rotate}, in which the signing key is. */
  @Post()
  @Header('Cache-Control', 'no-store')
  async create(
    @Body({ schema: newHook }) wanted: z.output<typeof newHook>,
    @Actor() actorId: string | null,
  ): Promise<SignedHookAnswer> {
    return signedHookAnswer(await this.webhooks.create(wanted, { actorId }));
  }

  @Patch(':id')
  @Header('Cache-Control', 'no-store')
  async update(
    @Param('id') id: string,
    @Body({ schema: hookChanges }) changes: z.output<typeof hookChanges>,
    @Actor() actorId: string | null,
  ): Promise<HookAnswer> {
    return hookAnswer(await this.webhooks.update(id, changes, { actorId }));
  }

  @Patch(':id/signing-key')
  @Header('Cache-Control', 'no-store')
  async rotate(@Param('id') id: string, @Actor() actorId: string | null): Promise<SignedHookAnswer> {
    return signedHookAnswer(await this.webhooks.rotate(id, { actorId }));
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string, @Actor() actorId: string | null): Promise<void> {
    await this.webhooks.remove(id, { actorId });
  }

  @Post(':id/test')
  @HttpCode(204)
  async test(
    @Param('id') id: string,
    @Body({ schema: hookTrial }) trial: z.output<typeof hookTrial>,
  ): Promise<void> {
    await this.trial.run(id, trial);
  }

  /** Newest first; `Total-Number` of them, as Logto counts. */
  @Get(':id/recent-logs')
  @Header('Cache-Control', 'no-store')
  async recentLogs(
    @Param('id') id: string,
    @Query({ schema: logQuery }) { page, page_size: pageSize, logKey }: z.output<typeof logQuery>,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<DeliveryAnswer[]> {
    await this.webhooks.get(id);
    const event = logKey?.slice('TriggerHook.'.length) as EventName | undefined;
    const [deliveries, total] = await this.log.ofHook(id, { page, pageSize, event });
    this.host.httpAdapter.setHeader(response, 'Total-Number', String(total));
    return deliveries.map(deliveryAnswer);
  }

  /** Sends a delivery again, under the same id: a dead letter, or one that the receiver has lost. */
  @Post(':id/deliveries/:deliveryId/redeliver')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  async redeliver(@Param('id') id: string, @Param('deliveryId') deliveryId: string): Promise<DeliveryAnswer> {
    return deliveryAnswer(await this.log.redeliver(id, deliveryId));
  }
}
