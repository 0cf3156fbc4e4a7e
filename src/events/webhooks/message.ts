import { isoTime } from '../published-event.entity.js';
import type { LatchkeyEvent } from '../event.js';
import type { Delivery } from './delivery.entity.js';

/** The body of a delivery. */
export type WebhookMessage = LatchkeyEvent & {
  readonly hookId: string;
  /** The same at each attempt: what came with it once need not be done again. */
  readonly deliveryId: string;
  /** When it happened: ISO 8601, to the second. */
  readonly createdAt: string;
  /** Nothing has happened: an administrator tries the webhook. */
  readonly test?: true;
};

/** Comes out alike at each attempt. */
export const messageOf = ({ hookId, id, event, userId, data, occurredAt }: Delivery): WebhookMessage =>
  ({
    hookId,
    deliveryId: id,
    event,
    createdAt: isoTime(occurredAt),
    userId,
    data: JSON.parse(data) as unknown,
  }) as WebhookMessage;
