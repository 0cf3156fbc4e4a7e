import { createHash, randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import { requirePersona } from '../personas.js';
import type { GoogleDialect } from './google.dialect.js';

const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const OAUTH = 'https://schemas.openid.net/secevent/oauth/event-type/';

/** Each event's type, and whether it is about somebody. */
export const securityEvents = {
  'sessions-revoked': RISC,
  'tokens-revoked': OAUTH,
  'token-revoked': OAUTH,
  'account-disabled': RISC,
  'account-enabled': RISC,
  'account-purged': RISC,
  'account-credential-change-required': RISC,
  verification: RISC,
} as const;

export type SecurityEventName = keyof typeof securityEvents;

export interface SecurityEventOptions {
  readonly event: SecurityEventName;
  readonly personaId: string;
  /** How `token-revoked` names the token. Default: `hash_base64_sha512_sha512`. */
  readonly tokenIdentifier?: 'prefix' | 'hash_base64_sha512_sha512';
  /** The application's own unless told. */
  readonly clientId?: string;
  readonly issuer?: string;
  readonly id?: string;
  /** Seconds since the epoch. Default: now, by Google's clock. */
  readonly issuedAt?: number;
  /** Another type than that of the event. */
  readonly type?: string;
}

/** With a slash at its end, unlike the issuer of ID tokens. */
export const riscIssuer = (google: GoogleDialect): string => `${google.issuer}/`;

/** https://accounts.google.com/.well-known/risc-configuration */
export const riscConfiguration = (google: GoogleDialect) => ({
  issuer: riscIssuer(google),
  jwks_uri: `${google.issuer}/oauth2/v3/certs`,
  delivery_methods_supported: ['https://schemas.openid.net/secevent/risc/delivery-method/push'],
});

/** A security event token (RFC 8417) about a persona, as Google pushes it: it has no end. */
export async function securityEvent(google: GoogleDialect, options: SecurityEventOptions): Promise<string> {
  const { event, clientId = google.clients[0]?.clientId ?? '', id = randomUUID() } = options;
  const type = options.type ?? `${securityEvents[event]}${event}`;
  const payload = {
    iss: options.issuer ?? riscIssuer(google),
    aud: clientId,
    jti: id,
    iat: options.issuedAt ?? google.clock.now(),
    events: { [type]: detailsOf(google, { ...options, clientId }) },
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: google.key.alg, kid: google.key.kid, typ: 'secevent+jwt' })
    .sign(await importJWK(google.key, google.key.alg));
}

type Details = SecurityEventOptions & { readonly clientId: string };

function detailsOf(google: GoogleDialect, { event, personaId, clientId, tokenIdentifier }: Details): object {
  if (event === 'verification') return { state: 'a test' };
  const { id, googleSubject: sub } = requirePersona(personaId);
  if (event !== 'token-revoked')
    return { subject: { subject_type: 'iss-sub', iss: riscIssuer(google), sub }, reason: reasonOf(event) };
  const token = google.ledger.lastRefreshToken({ clientId, personaId: id }) ?? '';
  return {
    subject: {
      subject_type: 'oauth_token',
      token_type: 'refresh_token',
      token_identifier_alg: tokenIdentifier ?? 'hash_base64_sha512_sha512',
      token: tokenIdentifier === 'prefix' ? token.slice(0, 16) : doubleHash(token),
    },
  };
}

const reasonOf = (event: SecurityEventName): string | undefined =>
  event === 'account-disabled' ? 'hijacking' : undefined;

const doubleHash = (token: string): string => sha512(sha512(token)).toString('base64');

const sha512 = (data: string | Buffer): Buffer => createHash('sha512').update(data).digest();
