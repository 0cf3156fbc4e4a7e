import { z } from 'zod';
import { isRecordId } from '../../common/random.js';
import { RESERVED, TARGET } from '../../connectors/instances/instance.js';
import { splitScope } from '../../connectors/token-set.js';

/** The forms of requests. A field that is not ours is refused, so that nothing is set or lost in silence. */

export const LONGEST_TTL_SECONDS = 365 * 24 * 60 * 60;

/** Whatever the application knows its users by. */
const userId = z.string().regex(/^\P{C}{1,128}$/u, 'must be the id of a user');
const target = z.string().regex(TARGET, 'must be letters, digits, -, _ and .');
const secretId = z.string().refine(isRecordId, 'must be the id of a token set');
/** Of printable characters (RFC 6749 appendix A.1), as Logto names its applications. */
const clientId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be the client id of a program');
const purpose = z.string().regex(/^[a-z\d._-]{1,64}$/, 'must be lower-case letters, digits, ., _ and -');

/** Space-delimited; characters by RFC 6749 3.3, and at least one scope. */
const scope = z
  .string()
  .max(4096)
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
    'must be scopes with spaces between them',
  )
  .transform(splitScope);

/** In a program's own words, for people to read: nothing that is invisible, or turns text around. */
const reason = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u, 'must have no control characters')
  .regex(/[\p{L}\p{N}\p{P}\p{S}]/u, 'must say something');

export const userAt = z.object({ userId, target });

export const retrieval = z.strictObject({
  purpose,
  reason,
  /** All of these have to be granted. */
  scope: scope.optional(),
  /** In seconds. */
  minTtl: z.int().min(0).max(LONGEST_TTL_SECONDS).optional(),
  /** One of several token sets at the target. */
  tokenSecretId: secretId.optional(),
});

/** The year 2286: a time in milliseconds is later than that. */
const LATEST_EXPIRY = 9_999_999_999;

export const newGrant = z.strictObject({
  clientId,
  target: target.refine((text) => text !== RESERVED, 'is taken'),
  purpose,
  scope: scope.nullish(),
  /** Seconds since the epoch. */
  expiresAt: z.int().positive().max(LATEST_EXPIRY, 'is in seconds').nullish(),
});

export const grantsQuery = z.strictObject({
  clientId: clientId.optional(),
  target: target.optional(),
});

/** A page of a list that grows: what is older than the entry that `before` names. */
export const readsQuery = z.strictObject({
  before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
