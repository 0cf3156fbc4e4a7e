import type { ErrorCode } from '../../common/errors.js';
import type { EventName } from '../event.js';
import { isoTime } from '../published-event.entity.js';
import type { Delivery } from './delivery.entity.js';
import { headerNamesOf } from './hook-drafts.js';
import type { DisabledReason, Hook } from './hook.entity.js';
import { messageOf, type WebhookMessage } from './message.js';
import type { SignedHook } from './webhooks.js';

/** A webhook in Logto's form. Headers are named and never told. */
export interface HookAnswer {
  readonly id: string;
  readonly name: string;
  readonly events: readonly EventName[];
  readonly config: { readonly url: string };
  readonly configuredHeaders: readonly string[];
  readonly enabled: boolean;
  /** Present where the backend has switched it off: more waits for its endpoint than may wait. */
  readonly disabledReason?: DisabledReason;
  /** Milliseconds since the epoch, as in Logto. */
  readonly createdAt: number;
}

export const hookAnswer = (hook: Hook): HookAnswer => ({
  id: hook.id,
  name: hook.name,
  events: hook.events.split(' ') as EventName[],
  config: { url: hook.url },
  configuredHeaders: headerNamesOf(hook),
  enabled: hook.enabled,
  ...(hook.disabledReason && { disabledReason: hook.disabledReason }),
  createdAt: hook.createdAt * 1000,
});

/** With the key, which is told where it is made and nowhere else. */
export type SignedHookAnswer = HookAnswer & { readonly signingKey: string };

export const signedHookAnswer = ({ hook, signingKey }: SignedHook): SignedHookAnswer => ({
  ...hookAnswer(hook),
  signingKey: signingKey.reveal(),
});

/** A delivery in the form of Logto's logs, and what Logto has no place for. */
export interface DeliveryAnswer {
  readonly id: string;
  readonly key: `TriggerHook.${EventName}`;
  readonly payload: {
    readonly key: string;
    /** `Error` where nobody tries any more: a dead letter. */
    readonly result: 'Pending' | 'Success' | 'Error';
    readonly hookId: string;
    readonly hookRequest: { readonly body: WebhookMessage };
    readonly response?: { readonly statusCode: number };
    readonly error?: ErrorCode;
    readonly attempts: number;
    /** ISO 8601. */
    readonly attemptedAt: string | null;
    readonly nextAttemptAt: string | null;
  };
  readonly createdAt: number;
}

export function deliveryAnswer(delivery: Delivery): DeliveryAnswer {
  const { id, event, hookId, responseStatus, lastError, attempts, attemptedAt, dueAt, createdAt } = delivery;
  const key = `TriggerHook.${event}` as const;
  const result = dueAt !== null ? 'Pending' : lastError === null ? 'Success' : 'Error';
  return {
    id,
    key,
    payload: {
      key,
      result,
      hookId,
      hookRequest: { body: messageOf(delivery) },
      ...(responseStatus !== null && { response: { statusCode: responseStatus } }),
      ...(lastError !== null && { error: lastError as ErrorCode }),
      attempts,
      attemptedAt: attemptedAt === null ? null : isoTime(attemptedAt),
      nextAttemptAt: dueAt === null ? null : isoTime(dueAt),
    },
    createdAt: createdAt * 1000,
  };
}
