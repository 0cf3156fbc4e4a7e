import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import { randomId } from '../../common/random.js';
import { Secret } from '../../common/secret.js';
import { SAMPLES, type EventName } from '../event.js';
import { isoTime } from '../published-event.entity.js';
import { HookDrafts, type HookConfig } from './hook-drafts.js';
import type { WebhookMessage } from './message.js';
import { WebhookSender } from './webhook-sender.js';
import { Webhooks } from './webhooks.js';

export interface WebhookTrial {
  /** Default: those of the webhook. */
  readonly events?: readonly EventName[];
  /** Default: that of the webhook. */
  readonly config?: HookConfig;
}

/** Sends examples to an endpoint, marked as tests, and changes nothing. */
@Injectable()
export class WebhookTest {
  constructor(
    private readonly webhooks: Webhooks,
    private readonly drafts: HookDrafts,
    private readonly sender: WebhookSender,
    private readonly clock: Clock,
  ) {}

  /**
   * One for each event, once. Rejects with `hook.endpoint_responded_with_error` or `hook.send_test_payload_failed` where
   * one is not taken.
   */
  async run(id: string, { events, config }: WebhookTrial): Promise<void> {
    const hook = await this.webhooks.get(id);
    const { url, headers } = config ?? { url: hook.url };
    const secrets = new Secret(await this.drafts.secretsFor(hook, { url, headers }));
    const names = events ?? (hook.events.split(' ') as EventName[]);
    await Promise.all(
      [...new Set(names)].map((event) =>
        this.sender.send({ url, secrets }, this.example(id, event)).catch(refuse),
      ),
    );
  }

  private example(hookId: string, event: EventName): WebhookMessage {
    const createdAt = isoTime(this.clock.now());
    const told = { hookId, deliveryId: randomId(21), event, createdAt, userId: 'a-test', test: true };
    return { ...told, data: SAMPLES[event] } as WebhookMessage;
  }
}

function refuse(error: unknown): never {
  if (!isLatchkeyError(error)) throw error;
  const { code, upstream } = error;
  if (code === 'hook.endpoint_responded_with_error')
    throw new LatchkeyError(code, error.message, { data: { responseStatus: upstream?.status } });
  throw new LatchkeyError('hook.send_test_payload_failed', error.message, { data: { reason: code } });
}
