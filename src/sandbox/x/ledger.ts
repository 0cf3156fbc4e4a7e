import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import { alive, forget, type Holder, holderSchema, mapOf, random } from '../ledger.js';

/** What one authorization allowed. All tokens that come of it, by however many refreshes, are its family. */
const grantSchema = holderSchema.extend({ scopes: z.array(z.string()).readonly() });
const codeSchema = grantSchema.extend({
  redirectUri: z.string(),
  codeChallenge: z.string(),
  codeChallengeMethod: z.enum(['S256', 'plain']),
  expiresAt: z.number(),
});
const tokenSchema = grantSchema.extend({ family: z.string(), expiresAt: z.number() });
const refreshTokenSchema = tokenSchema.extend({ isSpent: z.boolean() });

export const xLedgerSchema = z.object({
  codes: mapOf(codeSchema),
  accessTokens: mapOf(tokenSchema),
  refreshTokens: mapOf(refreshTokenSchema),
});

export type Code = z.infer<typeof codeSchema>;
export type Token = z.infer<typeof tokenSchema>;

export const ACCESS_TOKEN_SECONDS = 7200;
const REFRESH_TOKEN_SECONDS = 183 * 24 * 3600;
const CODE_SECONDS = 30;

/** Every code and token of X. It asks anew each time, so consents are not kept. */
export class XLedger {
  private reused = 0;

  constructor(
    private readonly saved: z.infer<typeof xLedgerSchema>,
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  issueCode(details: Omit<Code, 'expiresAt'>): string {
    const code = random(66);
    const now = this.clock.now();
    forget<{ expiresAt: number }>(
      [this.saved.codes, this.saved.accessTokens],
      ({ expiresAt }) => expiresAt <= now,
    );
    this.saved.codes.set(code, { ...details, expiresAt: now + CODE_SECONDS });
    this.changed();
    return code;
  }

  findCode(code: string): Code | undefined {
    return alive(this.saved.codes.get(code), this.clock.now());
  }

  /** Whether the code was still there to be spent: of parallel redemptions, one gets `true`. */
  spendCode(code: string): boolean {
    this.changed();
    return this.saved.codes.delete(code);
  }

  /** A refresh token comes with `offline.access` alone. Without a family, the tokens begin one. */
  issueTokens(
    { clientId, personaId, scopes }: z.infer<typeof grantSchema>,
    family = random(12),
  ): { accessToken: string; refreshToken?: string } {
    const [accessToken, now] = [random(66), this.clock.now()];
    const common = { clientId, personaId, scopes, family };
    this.saved.accessTokens.set(accessToken, { ...common, expiresAt: now + ACCESS_TOKEN_SECONDS });
    this.changed();
    if (!scopes.includes('offline.access')) return { accessToken };
    const [refreshToken, expiresAt] = [random(66), now + REFRESH_TOKEN_SECONDS];
    this.saved.refreshTokens.set(refreshToken, { ...common, expiresAt, isSpent: false });
    return { accessToken, refreshToken };
  }

  findAccessToken(token: string): Token | undefined {
    return alive(this.saved.accessTokens.get(token), this.clock.now());
  }

  /** Of use once. One that comes again ends its family, whoever holds it by now. */
  spendRefreshToken(token: string, clientId: string): Token | undefined {
    const found = alive(this.saved.refreshTokens.get(token), this.clock.now());
    if (found?.clientId !== clientId) return undefined;
    if (found.isSpent) {
      this.reused += 1;
      this.endFamily(found.family);
      return undefined;
    }
    this.saved.refreshTokens.set(token, { ...found, isSpent: true });
    this.changed();
    return found;
  }

  /** How often a refresh token came that had been used before. */
  reusedRefreshTokens(): number {
    return this.reused;
  }

  /** An access token ends alone, a refresh token with its family. */
  revoke(token: string, clientId: string): void {
    const refreshToken = this.saved.refreshTokens.get(token);
    if (refreshToken?.clientId === clientId) this.endFamily(refreshToken.family);
    if (this.saved.accessTokens.get(token)?.clientId === clientId) this.saved.accessTokens.delete(token);
    this.changed();
  }

  revokeGrantsOf(personaId: string): void {
    const { codes, accessTokens, refreshTokens } = this.saved;
    forget<Holder>([codes, accessTokens, refreshTokens], (entry) => entry.personaId === personaId);
    this.changed();
  }

  /** Spent tokens stay known, so that they are recognised however often they come. */
  private endFamily(family: string): void {
    const { accessTokens, refreshTokens } = this.saved;
    forget<Token>([accessTokens], (token) => token.family === family);
    forget([refreshTokens], (token) => token.family === family && !token.isSpent);
    this.changed();
  }
}
