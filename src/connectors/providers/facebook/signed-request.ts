import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { unsignedNotification, malformedNotification } from '../../notifications/refusals.js';

const OLDEST_SECONDS = 24 * 60 * 60;
const FUTURE_TOLERANCE_SECONDS = 5 * 60;

const payload = z.object({
  algorithm: z.string(),
  user_id: z.coerce.string().regex(/^\d{1,32}$/),
  issued_at: z.int().nonnegative().optional(),
  /** What a person's browser is handed when they log in, by Facebook's script, is signed alike and has one of these. */
  code: z.never().optional(),
  oauth_token: z.never().optional(),
});

export interface SignedRequest {
  readonly userId: string;
  /** Names the request, however it is written: nobody can make another with the same. Base64url. */
  readonly signature: string;
  /** Seconds since the epoch. */
  readonly issuedAt?: number;
}

/**
 * Of whom a request of Facebook speaks. Throws `notification.signature_invalid` unless it is signed with the app's secret
 * by HMAC-SHA256, and `notification.invalid` for anything else, one of more than a day ago, or one that a browser holds.
 * https://developers.facebook.com/docs/games/gamesonfacebook/login#parsingsr
 */
export function signedRequest(body: Buffer, appSecret: string, now: number): SignedRequest {
  const text = new URLSearchParams(body.toString('utf8')).get('signed_request') ?? '';
  const [, signature, encoded] = /^([\w-]+)=*\.([\w-]+)=*$/.exec(text) ?? [];
  if (signature === undefined || encoded === undefined) throw malformedNotification();
  const signed = assertSigned(text.slice(text.indexOf('.') + 1), signature, appSecret);
  const { data, success } = payload.safeParse(jsonOf(encoded));
  if (!success || data.algorithm.toUpperCase() !== 'HMAC-SHA256') throw malformedNotification();
  if (data.issued_at !== undefined && !isRecent(data.issued_at, now)) throw malformedNotification();
  return { userId: data.user_id, signature: signed.toString('base64url'), issuedAt: data.issued_at };
}

/** Over the payload as it is encoded. The signature's bytes: as text it can be written in several ways. */
function assertSigned(encoded: string, signature: string, appSecret: string): Buffer {
  const expected = createHmac('sha256', appSecret).update(encoded).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw unsignedNotification();
  return expected;
}

function jsonOf(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
  } catch (cause) {
    throw malformedNotification(cause);
  }
}

const isRecent = (issuedAt: number, now: number): boolean =>
  issuedAt >= now - OLDEST_SECONDS && issuedAt <= now + FUTURE_TOLERANCE_SECONDS;
