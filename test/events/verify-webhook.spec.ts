import { describe, expect, it } from '@jest/globals';
import { systemSeconds } from '../../src/common/clock.js';
import { isLatchkeyError } from '../../src/common/errors.js';
import { signatureHeaders } from '../../src/events/webhooks/signature.js';
import { verifyWebhook, type ReceivedWebhook } from '../../src/events/webhooks/verify-webhook.js';

const KEY = 'the key that the receiver was told';
const BODY = JSON.stringify({ deliveryId: 'a', event: 'User.Deleted', userId: 'Zoë', data: {} });

const signed = (
  changes: Partial<ReceivedWebhook> = {},
  keys = [KEY] as [string, string?],
): ReceivedWebhook => ({
  headers: signatureHeaders(BODY, keys, systemSeconds()),
  rawBody: BODY,
  signingKey: KEY,
  ...changes,
});

const withSignature = (change: (header: string) => string): ReceivedWebhook => {
  const { headers, ...rest } = signed();
  const header = (headers as Record<string, string>)['latchkey-signature'] ?? '';
  return { ...rest, headers: { ...headers, 'latchkey-signature': change(header) } };
};

const outcome = (received: ReceivedWebhook): unknown => {
  try {
    return verifyWebhook(received);
  } catch (error) {
    return isLatchkeyError(error) ? error.code : error;
  }
};

describe('verifyWebhook', () => {
  it.each<[string, () => ReceivedWebhook]>([
    ['of Node, and a text', () => signed()],
    ['of Node, and bytes', () => signed({ rawBody: Buffer.from(BODY) })],
    ['of the web', () => signed({ headers: new Headers(signed().headers as Record<string, string>) })],
    ['signed by the new key first', () => signed({ signingKey: 'old' }, [KEY, 'old'])],
    ['signed by the old key second', () => signed({}, [KEY, 'old'])],
    [
      'of almost five minutes ago',
      () => signed({ headers: signatureHeaders(BODY, [KEY], systemSeconds() - 295) }),
    ],
  ])('hands out what is told, with headers %s', (_, receive) => {
    expect(outcome(receive())).toEqual(JSON.parse(BODY));
  });

  it.each<[string, () => ReceivedWebhook]>([
    ['another key', () => signed({ signingKey: 'another' })],
    ['an empty key', () => signed({ signingKey: '' })],
    ['another body', () => signed({ rawBody: BODY.replace('Zoë', 'Eve') })],
    ['a body that was written anew', () => signed({ rawBody: JSON.stringify(JSON.parse(BODY), null, 1) })],
    ['no signature', () => signed({ headers: {} })],
    ['several signatures', () => signed({ headers: { 'latchkey-signature': ['a', 'b'] } as never })],
    [
      'an age of more than five minutes',
      () => signed({ headers: signatureHeaders(BODY, [KEY], systemSeconds() - 305) }),
    ],
    ['a time to come', () => signed({ headers: signatureHeaders(BODY, [KEY], systemSeconds() + 305) })],
    [
      'a narrower tolerance',
      () => signed({ headers: signatureHeaders(BODY, [KEY], systemSeconds() - 20), toleranceSeconds: 10 }),
    ],
    [
      'another time than was signed',
      () => withSignature((header) => header.replace(/t=\d+/, `t=${systemSeconds() - 9}`)),
    ],
    ['a signature that was cut', () => withSignature((header) => header.slice(0, -1))],
    [
      'a signature in capitals',
      () => withSignature((header) => header.replace(/v1=.*/, (hex) => hex.toUpperCase())),
    ],
    ['another scheme alone', () => withSignature((header) => header.replace('v1=', 'v0='))],
    ['an endless list', () => withSignature((header) => header + ',v1=' + '0'.repeat(64).repeat(1000))],
    ["Logto's signature alone", () => signed({ headers: { 'logto-signature-sha-256': 'a'.repeat(64) } })],
  ])('refuses %s', (_, receive) => {
    expect(outcome(receive())).toBe('hook.signature_invalid');
  });
});
