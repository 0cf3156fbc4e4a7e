import { z } from 'zod';
import type { Ending, ProviderNotification } from '../../notifications/notification.js';
import { protocolId } from '../../profile.js';
import { markOfHash, markOfPrefix } from '../../refresh-token-marks.js';

const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const OAUTH = 'https://schemas.openid.net/secevent/oauth/event-type/';

/** What each event means: https://developers.google.com/identity/protocols/risc#supported_event_types */
const MEANINGS: ReadonlyMap<string, readonly [event: string, ...ends: Ending[]]> = new Map([
  [`${RISC}sessions-revoked`, ['sessions_revoked', 'sessions']],
  [`${OAUTH}tokens-revoked`, ['tokens_revoked', 'tokens', 'sessions']],
  [`${OAUTH}token-revoked`, ['token_revoked', 'tokens']],
  [`${RISC}account-disabled`, ['account_disabled', 'tokens', 'sessions']],
  [`${RISC}account-purged`, ['account_purged', 'tokens', 'sessions']],
  [`${RISC}account-enabled`, ['account_enabled']],
  [`${RISC}account-credential-change-required`, ['account_credential_change_required']],
  [`${RISC}verification`, ['verification']],
]);

/** RFC 8417 2.2. There is no `exp`. */
export const securityEventToken = z.object({
  iss: z.string(),
  iat: z.number(),
  jti: protocolId,
  events: z.record(z.string(), z.unknown()),
});

type SecurityEventToken = z.output<typeof securityEventToken>;

const account = z.object({
  subject: z.object({
    subject_type: z.enum(['iss-sub', 'id_token_claims']),
    iss: z.string(),
    sub: protocolId,
  }),
});

const refreshToken = z.object({
  subject: z.object({
    subject_type: z.literal('oauth_token'),
    token_type: z.literal('refresh_token'),
    token_identifier_alg: z.enum(['prefix', 'hash_base64_sha512_sha512']),
    token: z.string().min(1).max(1024),
  }),
});

/** What we do not know, and what is said of a subject that we do not know how to find, is left out. */
export const notificationsOf = (
  { iss, iat, jti, events }: SecurityEventToken,
  issuer: string,
): ProviderNotification[] =>
  Object.entries(events).flatMap(([type, details]) => {
    const [event, ...ends] = MEANINGS.get(type) ?? [];
    if (event === undefined) return [];
    const about = aboutWhom(details, [iss, issuer]);
    if (ends.length > 0 && about === undefined) return [];
    return [
      { event, ends, id: `${jti} ${type}`, issuedAt: iat, ...about, ...(about?.subject && { issuer }) },
    ];
  });

type Whom = Pick<ProviderNotification, 'subject' | 'refreshToken'>;

function aboutWhom(details: unknown, issuers: readonly string[]): Whom | undefined {
  const person = account.safeParse(details).data?.subject;
  if (person) return issuers.includes(person.iss) ? { subject: person.sub } : undefined;
  const token = refreshToken.safeParse(details).data?.subject;
  if (!token) return undefined;
  const markOf = token.token_identifier_alg === 'prefix' ? markOfPrefix : markOfHash;
  return { refreshToken: markOf(token.token) };
}
