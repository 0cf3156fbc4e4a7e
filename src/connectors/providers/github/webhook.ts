import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ProviderMessage } from '../../notifications/notification.js';
import { unsignedNotification, malformedNotification } from '../../notifications/refusals.js';

const revoked = z.object({ action: z.literal('revoked'), sender: z.object({ id: z.int().positive() }) });

/**
 * The id of the person who has taken back what they had allowed a GitHub App, or nothing for another event. Throws
 * `notification.signature_invalid` unless the bytes are signed with the secret by SHA-256
 * (https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries), and `notification.invalid`.
 */
export function revokedBy({ headers, body }: ProviderMessage, secret: string): string | undefined {
  assertSigned(body, headers['x-hub-signature-256'], secret);
  if (headers['x-github-event'] !== 'github_app_authorization') return undefined;
  const { data, success } = revoked.safeParse(payloadOf(body, String(headers['content-type'])));
  if (!success) throw malformedNotification();
  return String(data.sender.id);
}

function assertSigned(body: Buffer, signature: unknown, secret: string): void {
  const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
  const given = Buffer.from(typeof signature === 'string' ? signature : '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw unsignedNotification();
}

/** Whoever sets up a webhook chooses between JSON and a form that holds JSON. */
function payloadOf(body: Buffer, contentType: string): unknown {
  const text = body.toString('utf8');
  const isForm = contentType.startsWith('application/x-www-form-urlencoded');
  try {
    return JSON.parse(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text);
  } catch (cause) {
    throw malformedNotification(cause);
  }
}
