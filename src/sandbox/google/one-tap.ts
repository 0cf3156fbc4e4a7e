import { randomUUID } from 'node:crypto';
import { requirePersona } from '../personas.js';
import { googleClaims } from './claims.js';
import type { GoogleDialect } from './google.dialect.js';
import { signIdToken } from './id-token.js';
import { asGoogleSpells } from './scopes.js';

export interface OneTapOptions {
  readonly personaId: string;
  readonly nonce?: string;
  /** The application's own unless told. */
  readonly clientId?: string;
  /** Negative for one that has expired. */
  readonly expiresInSeconds?: number;
  readonly issuer?: string;
}

/** Google's ID tokens of One Tap are not valid before they were made, less some minutes for clocks that are behind. */
const EARLIER_SECONDS = 300;

/** The `credential` that One Tap hands out: an ID token with no access token beside it. */
export async function oneTapCredential(google: GoogleDialect, options: OneTapOptions): Promise<string> {
  const { personaId, nonce, clientId, issuer = google.issuer, expiresInSeconds: lifetimeSeconds } = options;
  const issuedAt = google.clock.systemNow();
  const persona = requirePersona(personaId);
  const scopes = ['email', 'profile'].map(asGoogleSpells);
  return signIdToken(google.key, {
    issuer,
    clientId: clientId ?? google.clients[0]?.clientId ?? '',
    issuedAt,
    claims: { ...googleClaims(persona, scopes), nbf: issuedAt - EARLIER_SECONDS, jti: randomUUID() },
    nonce,
    lifetimeSeconds,
  });
}
