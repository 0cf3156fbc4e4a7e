import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { LatchkeyError } from '../common/errors.js';
import { Secret } from '../common/secret.js';
import { splitScope, type TokenSet } from '../connectors/token-set.js';
import { Sealer, type Binding } from '../sealing/sealer.js';
import type { Sealed } from '../sealing/sealed.js';
import type { StoredSecret } from './stored-secret.entity.js';

/** What is inside the envelope; the rest of a token set stands in clear in its row. */
const contents = z.object({ accessToken: z.string(), refreshToken: z.string().optional() });

/** The columns in clear that a reader relies on: changed in the row, the envelope no longer opens. */
export type BoundColumns = Pick<
  StoredSecret,
  | 'id'
  | 'userId'
  | 'connectorId'
  | 'target'
  | 'subject'
  | 'version'
  | 'tokenType'
  | 'scope'
  | 'expiresAt'
  | 'hasRefreshToken'
  | 'refreshTokenExpiresAt'
  | 'obtainedAt'
>;

/** Puts token sets into rows and takes them out again. A row opens only as the row that it was sealed for. */
@Injectable()
export class TokenSetSealer {
  constructor(private readonly sealer: Sealer) {}

  seal({ accessToken, refreshToken }: TokenSet, row: BoundColumns): Promise<Sealed> {
    const plaintext = JSON.stringify({
      accessToken: accessToken.reveal(),
      refreshToken: refreshToken?.reveal(),
    });
    return this.sealer.seal(plaintext, bindingOf(row));
  }

  /** Rejects with `vault.integrity_error` or `vault.key_unavailable`. */
  async open(secret: StoredSecret): Promise<TokenSet> {
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

const bindingOf = (row: BoundColumns): Binding => [
  'token-set',
  row.id,
  row.userId,
  row.connectorId,
  row.target,
  row.subject,
  row.version,
  row.tokenType,
  row.scope,
  row.expiresAt,
  row.hasRefreshToken,
  row.obtainedAt,
  ...(row.refreshTokenExpiresAt === null ? [] : [row.refreshTokenExpiresAt]),
];

/** The columns in clear of a token set that has just been obtained. */
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
    state: 'active',
    stateReason: null,
    failures: 0,
    retryAt: null,
    obtainedAt: now,
  }) as const;

function parse(plaintext: string): z.output<typeof contents> {
  const { success, data } = contents.safeParse(JSON.parse(plaintext));
  if (!success) throw new LatchkeyError('vault.integrity_error', 'A stored secret has another form.');
  return data;
}
