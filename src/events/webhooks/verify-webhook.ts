import type { IncomingHttpHeaders } from 'node:http';
import { systemSeconds } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import type { WebhookMessage } from './message.js';
import { HEADERS, signedAt } from './signature.js';

export interface ReceivedWebhook {
  readonly headers: Headers | IncomingHttpHeaders;
  /** As it arrived, before anything has parsed it. */
  readonly rawBody: string | Uint8Array;
  readonly signingKey: string;
  /** How old, or how far ahead of our clock, it may be. Default: 300. */
  readonly toleranceSeconds?: number;
}

/**
 * What a webhook of Latchkey tells, once its signature and its age are found right, in constant time. Throws
 * `hook.signature_invalid` otherwise. Deliveries arrive at least once: remember `deliveryId` for a day.
 */
export function verifyWebhook(received: ReceivedWebhook): WebhookMessage {
  const { headers, rawBody, signingKey, toleranceSeconds = 300 } = received;
  if (signingKey === '') throw invalid('there is no key to hold it against');
  const body = Buffer.from(rawBody as Uint8Array);
  const timestamp = signedAt(headerOf(headers, HEADERS.signature), body, signingKey);
  if (timestamp === undefined) throw invalid('it is not signed by this key');
  if (Math.abs(systemSeconds() - timestamp) > toleranceSeconds)
    throw invalid('it was signed at another time');
  return JSON.parse(body.toString('utf8')) as WebhookMessage;
}

function headerOf(headers: ReceivedWebhook['headers'], name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  return typeof value === 'string' ? value : '';
}

const invalid = (why: string): LatchkeyError =>
  new LatchkeyError('hook.signature_invalid', `The webhook is refused: ${why}.`);
