import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { LatchkeyError } from '../common/errors.js';
import { Secret } from '../common/secret.js';
import { marksOf } from '../connectors/refresh-token-marks.js';
import { splitScope, type TokenSet } from '../connectors/token-set.js';
import { Sealer } from '../sealing/sealer.js';
import type { Sealed } from '../sealing/sealed.js';
import { NO_ATTEMPT } from './refresh-lease.js';
import type { SealedTokenSet } from './sealed-token-set.js';
import { bindingOf, type BoundColumns } from './token-set.binding.js';

/** What is inside the envelope; the rest of a token set stands in clear in its row. */
const contents = z.object({ accessToken: z.string(), refreshToken: z.string().optional() });

/** Four times the longest token that a provider is known to give; a longer one would be read from the disk at each request. */
const LARGEST_BYTES = 64 * 1024;

/** Puts token sets into rows and takes them out again. A row opens only as the row that it was sealed for. */
@Injectable()
export class TokenSetSealer {
  constructor(private readonly sealer: Sealer) {}

  /** Rejects with `vault.token_too_large` or `vault.key_unavailable`. */
  async seal({ accessToken, refreshToken }: TokenSet, row: BoundColumns): Promise<Sealed> {
    const plaintext = JSON.stringify({
      accessToken: accessToken.reveal(),
      refreshToken: refreshToken?.reveal(),
    });
    assertSize(plaintext);
    return this.sealer.seal(plaintext, bindingOf(row));
  }

  /** Rejects with `vault.integrity_error` or `vault.key_unavailable`. */
  async open(secret: SealedTokenSet): Promise<TokenSet> {
    const { accessToken, refreshToken } = parse(await this.sealer.open(secret.sealed, bindingOf(secret)));
    return {
      accessToken: new Secret(accessToken),
      refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
      tokenType: secret.tokenType,
      scope: secret.scope === null ? undefined : splitScope(secret.scope),
      expiresAt: secret.expiresAt ?? undefined,
      refreshTokenExpiresAt: secret.refreshTokenExpiresAt ?? undefined,
    };
  }
}

/** A token is kept as it is or not at all. */
function assertSize(plaintext: string): void {
  if (Buffer.byteLength(plaintext) <= LARGEST_BYTES) return;
  throw new LatchkeyError(
    'vault.token_too_large',
    `The provider's tokens are larger than ${LARGEST_BYTES} bytes.`,
  );
}

/** The columns in clear of a token set that has just been obtained: all that was the matter with the former is over. */
export const clearPartOf = (
  { tokenType, scope, expiresAt, refreshToken, refreshTokenExpiresAt }: TokenSet,
  now: number,
) =>
  ({
    tokenType,
    scope: scope?.join(' ') ?? null,
    expiresAt: expiresAt ?? null,
    hasRefreshToken: refreshToken !== undefined,
    refreshTokenExpiresAt: refreshTokenExpiresAt ?? null,
    ...marksOf(refreshToken),
    state: 'active',
    stateReason: null,
    ...NO_ATTEMPT,
    unanswered: 0,
    failures: 0,
    retryAt: null,
    obtainedAt: now,
    validatedAt: now,
  }) as const;

function parse(plaintext: string): z.output<typeof contents> {
  const { success, data } = contents.safeParse(JSON.parse(plaintext));
  if (!success) throw new LatchkeyError('vault.integrity_error', 'A stored secret has another form.');
  return data;
}
