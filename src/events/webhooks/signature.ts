import { createHmac, timingSafeEqual } from 'node:crypto';

/** Headers of a delivery. Logto's own header is kept, so that whatever verifies its webhooks verifies ours. */
export const HEADERS = {
  logto: 'logto-signature-sha-256',
  /** The same by the former key, as long as that goes on signing. */
  logtoPrevious: 'logto-signature-sha-256-previous',
  signature: 'latchkey-signature',
  timestamp: 'latchkey-timestamp',
  deliveryId: 'latchkey-delivery-id',
} as const;

/**
 * Hex HMAC-SHA-256 of the body, as Logto signs, and of `timestamp.body`, which cannot be sent again later:
 * `t=<seconds>,v1=<hex>`, one `v1` for each key. The present key comes first.
 */
export function signatureHeaders(
  body: string,
  [present, former]: readonly [present: string, former?: string],
  timestamp: number,
): Record<string, string> {
  const keys = former === undefined ? [present] : [present, former];
  const signatures = keys.map((key) => `v1=${hmac(key, `${timestamp}.${body}`).toString('hex')}`);
  return {
    [HEADERS.logto]: hmac(present, body).toString('hex'),
    ...(former !== undefined && { [HEADERS.logtoPrevious]: hmac(former, body).toString('hex') }),
    [HEADERS.timestamp]: String(timestamp),
    [HEADERS.signature]: [`t=${timestamp}`, ...signatures].join(','),
  };
}

/** When it was signed, if one of the header's signatures is by this key. Says nothing of its age. */
export function signedAt(header: string, body: Uint8Array, signingKey: string): number | undefined {
  const [, timestamp, signatures] = /^t=(\d{1,12})((?:,v1=[0-9a-f]{64}){1,4})$/.exec(header) ?? [];
  if (timestamp === undefined || signatures === undefined) return undefined;
  const expected = hmac(signingKey, Buffer.concat([Buffer.from(`${timestamp}.`), body]));
  const given = signatures.slice(',v1='.length).split(',v1=');
  const matches = given.filter((hex) => timingSafeEqual(Buffer.from(hex, 'hex'), expected));
  return matches.length > 0 ? Number(timestamp) : undefined;
}

const hmac = (key: string, content: string | Uint8Array): Buffer =>
  createHmac('sha256', key).update(content).digest();
