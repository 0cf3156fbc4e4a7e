import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import {
  alive,
  forget,
  type Holder,
  holderSchema,
  isAlive,
  isSameHolder,
  keyOf,
  mapOf,
  random,
} from '../ledger.js';

const consentSchema = holderSchema.extend({ scopes: z.array(z.string()) });
const tokenSchema = holderSchema.extend({ scopes: z.array(z.string()) });
const accessTokenSchema = tokenSchema.extend({ expiresAt: z.number() });
const refreshTokenSchema = tokenSchema.extend({ expiresAt: z.number().optional() });
const codeSchema = tokenSchema.extend({
  redirectUri: z.string(),
  nonce: z.string().optional(),
  codeChallenge: z.string().optional(),
  withRefreshToken: z.boolean(),
  expiresAt: z.number(),
});

export const ledgerSchema = z.object({
  consents: mapOf(consentSchema),
  codes: mapOf(codeSchema),
  accessTokens: mapOf(accessTokenSchema),
  refreshTokens: mapOf(refreshTokenSchema),
});

export type Code = z.infer<typeof codeSchema>;
export type Token = z.infer<typeof tokenSchema>;

export const ACCESS_TOKEN_SECONDS = 3599;
/** Of a client that is being tested: a week, told as one second less. */
export const TESTING_REFRESH_TOKEN_SECONDS = 604_799;
const CODE_SECONDS = 600;

/** Who allowed what to whom, and every code and token that came of it. */
export class GoogleLedger {
  constructor(
    private readonly saved: z.infer<typeof ledgerSchema>,
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  /** The scopes that were ever allowed; undefined before the first consent and after a revocation. */
  consentedScopes(holder: Holder): readonly string[] | undefined {
    return this.saved.consents.get(keyOf(holder))?.scopes;
  }

  recordConsent({ clientId, personaId, scopes }: Token): void {
    this.saved.consents.set(keyOf({ clientId, personaId }), { clientId, personaId, scopes });
    this.changed();
  }

  issueCode(details: Omit<Code, 'expiresAt'>): string {
    const code = `4/0A${random(54)}`;
    this.prune();
    this.saved.codes.set(code, { ...details, expiresAt: this.clock.now() + CODE_SECONDS });
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

  issueAccessToken({ clientId, personaId, scopes }: Token): string {
    const token = `ya29.a0${random(120)}`;
    this.prune();
    const expiresAt = this.clock.now() + ACCESS_TOKEN_SECONDS;
    this.saved.accessTokens.set(token, { clientId, personaId, scopes, expiresAt });
    this.changed();
    return token;
  }

  /** Without a lifetime, it has no end. */
  issueRefreshToken({ clientId, personaId, scopes }: Token, lifetimeSeconds?: number): string {
    const token = `1//0${random(72)}`;
    const expiresAt = lifetimeSeconds === undefined ? undefined : this.clock.now() + lifetimeSeconds;
    this.saved.refreshTokens.set(token, { clientId, personaId, scopes, expiresAt });
    this.changed();
    return token;
  }

  findAccessToken(token: string): Token | undefined {
    return alive(this.saved.accessTokens.get(token), this.clock.now());
  }

  findRefreshToken(token: string): Token | undefined {
    return alive(this.saved.refreshTokens.get(token), this.clock.now());
  }

  lastRefreshToken(holder: Holder): string | undefined {
    const all = [...this.saved.refreshTokens].filter(([, token]) => isSameHolder(token, holder));
    return all.at(-1)?.[0];
  }

  /** Ends the grant that this token belongs to: all its tokens, and the consent. */
  revokeGrant(holder: Holder): void {
    this.forget((other) => isSameHolder(other, holder));
  }

  revokeGrantsOf(personaId: string): void {
    this.forget((other) => other.personaId === personaId);
  }

  private forget(isMeant: (holder: Holder) => boolean): void {
    const { consents, codes, accessTokens, refreshTokens } = this.saved;
    forget<Holder>([consents, codes, accessTokens, refreshTokens], isMeant);
    this.changed();
  }

  private prune(): void {
    const now = this.clock.now();
    forget<{ expiresAt: number }>(
      [this.saved.codes, this.saved.accessTokens],
      (entry) => !isAlive(entry, now),
    );
  }
}
