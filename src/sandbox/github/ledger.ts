import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import { alive, forget, type Holder, holderSchema, isSameHolder, keyOf, mapOf, random } from '../ledger.js';

const grantSchema = holderSchema.extend({ scopes: z.array(z.string()).readonly() });
const codeSchema = grantSchema.extend({
  redirectUri: z.string(),
  codeChallenge: z.string().optional(),
  expiresAt: z.number(),
});
/** `expiresAt` and `pair` are for GitHub Apps: access and refresh token of one answer share a pair. */
const accessTokenSchema = grantSchema.extend({
  expiresAt: z.number().optional(),
  pair: z.string().optional(),
});
const refreshTokenSchema = grantSchema.extend({ expiresAt: z.number(), pair: z.string() });

export const githubLedgerSchema = z.object({
  grants: mapOf(grantSchema),
  codes: mapOf(codeSchema),
  accessTokens: mapOf(accessTokenSchema),
  refreshTokens: mapOf(refreshTokenSchema),
});

export type Code = z.infer<typeof codeSchema>;
export type Grant = z.infer<typeof grantSchema>;

export const ACCESS_TOKEN_SECONDS = 28_800;
export const REFRESH_TOKEN_SECONDS = 15_811_200;
const CODE_SECONDS = 600;
const TOKENS_PER_SCOPE = 10;

/** Who authorized what for whom, and every code and token that came of it. */
export class GitHubLedger {
  constructor(
    private readonly saved: z.infer<typeof githubLedgerSchema>,
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  /** The scopes that were ever authorized; undefined before the first time and after a revocation. */
  authorizedScopes(holder: Holder): readonly string[] | undefined {
    return this.saved.grants.get(keyOf(holder))?.scopes;
  }

  recordGrant(grant: Grant): void {
    this.saved.grants.set(keyOf(grant), grant);
    this.changed();
  }

  issueCode(details: Omit<Code, 'expiresAt'>): string {
    const code = random(10);
    const now = this.clock.now();
    forget([this.saved.codes], ({ expiresAt }) => expiresAt <= now);
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

  /** Of an OAuth App: it has no expiry, but of more than ten for one person and scope the oldest die. */
  issueLastingToken({ clientId, personaId, scopes }: Grant): string {
    const token = `gho_${random(27)}`;
    this.saved.accessTokens.set(token, { clientId, personaId, scopes });
    const alike = [...this.saved.accessTokens].filter(
      ([, other]) => isSameHolder(other, { clientId, personaId }) && other.scopes.join() === scopes.join(),
    );
    for (const [oldest] of alike.slice(0, -TOKENS_PER_SCOPE)) this.saved.accessTokens.delete(oldest);
    this.changed();
    return token;
  }

  /** Of a GitHub App: permissions stand in the app's settings, and not in its tokens. */
  issuePair({ clientId, personaId }: Holder): { accessToken: string; refreshToken: string } {
    const [accessToken, refreshToken, pair] = [`ghu_${random(27)}`, `ghr_${random(57)}`, random(8)];
    const [now, common] = [this.clock.now(), { clientId, personaId, scopes: [], pair }];
    this.saved.accessTokens.set(accessToken, { ...common, expiresAt: now + ACCESS_TOKEN_SECONDS });
    this.saved.refreshTokens.set(refreshToken, { ...common, expiresAt: now + REFRESH_TOKEN_SECONDS });
    this.changed();
    return { accessToken, refreshToken };
  }

  findAccessToken(token: string): Grant | undefined {
    return alive(this.saved.accessTokens.get(token), this.clock.now());
  }

  /** Uses a refresh token up, and with it the access token that came along. */
  spendRefreshToken(token: string, clientId: string): Holder | undefined {
    const found = alive(this.saved.refreshTokens.get(token), this.clock.now());
    if (found?.clientId !== clientId) return undefined;
    this.forgetTokens(({ pair }) => pair === found.pair);
    return found;
  }

  revokeToken(token: string): void {
    const pair = this.saved.accessTokens.get(token)?.pair;
    this.saved.accessTokens.delete(token);
    if (pair !== undefined) this.forgetTokens((other) => other.pair === pair);
    this.changed();
  }

  revokeGrant(holder: Holder): void {
    this.forgetAll((other) => isSameHolder(other, holder));
  }

  revokeGrantsOf(personaId: string): void {
    this.forgetAll((other) => other.personaId === personaId);
  }

  private forgetTokens(isMeant: (token: Holder & { readonly pair?: string }) => boolean): void {
    forget<Holder & { readonly pair?: string }>([this.saved.accessTokens, this.saved.refreshTokens], isMeant);
    this.changed();
  }

  private forgetAll(isMeant: (holder: Holder) => boolean): void {
    forget<Holder>([this.saved.grants, this.saved.codes], isMeant);
    this.forgetTokens(isMeant);
  }
}
