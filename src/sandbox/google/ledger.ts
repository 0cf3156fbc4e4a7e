import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../common/clock.js';

/** A user's permission to one client. Tokens live and die with it. */
const holderSchema = z.object({ clientId: z.string(), personaId: z.string() });
const consentSchema = holderSchema.extend({ scopes: z.array(z.string()) });
const tokenSchema = holderSchema.extend({ scopes: z.array(z.string()) });
const accessTokenSchema = tokenSchema.extend({ expiresAt: z.number() });
const codeSchema = tokenSchema.extend({
  redirectUri: z.string(),
  nonce: z.string().optional(),
  codeChallenge: z.string().optional(),
  withRefreshToken: z.boolean(),
  expiresAt: z.number(),
});

const mapOf = <Value>(value: z.ZodType<Value>) =>
  z
    .array(z.tuple([z.string(), value]))
    .default([])
    .transform((pairs) => new Map<string, Value>(pairs));

export const ledgerSchema = z.object({
  consents: mapOf(consentSchema),
  codes: mapOf(codeSchema),
  accessTokens: mapOf(accessTokenSchema),
  refreshTokens: mapOf(tokenSchema),
});

export type Holder = z.infer<typeof holderSchema>;
export type Code = z.infer<typeof codeSchema>;
export type Token = z.infer<typeof tokenSchema>;

export const ACCESS_TOKEN_SECONDS = 3599;
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
    return unexpired(this.saved.codes.get(code), this.clock);
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

  issueRefreshToken({ clientId, personaId, scopes }: Token): string {
    const token = `1//0${random(72)}`;
    this.saved.refreshTokens.set(token, { clientId, personaId, scopes });
    this.changed();
    return token;
  }

  findAccessToken(token: string): Token | undefined {
    return unexpired(this.saved.accessTokens.get(token), this.clock);
  }

  findRefreshToken(token: string): Token | undefined {
    return this.saved.refreshTokens.get(token);
  }

  /** Ends the grant that this token belongs to: all its tokens, and the consent. */
  revokeGrant({ clientId, personaId }: Holder): void {
    this.forget((other) => other.clientId === clientId && other.personaId === personaId);
  }

  revokeGrantsOf(personaId: string): void {
    this.forget((other) => other.personaId === personaId);
  }

  private forget(isMeant: (holder: Holder) => boolean): void {
    const { consents, codes, accessTokens, refreshTokens } = this.saved;
    for (const kept of [consents, codes, accessTokens, refreshTokens]) {
      for (const [key, holder] of kept) if (isMeant(holder)) kept.delete(key);
    }
    this.changed();
  }

  private prune(): void {
    for (const kept of [this.saved.codes, this.saved.accessTokens]) {
      for (const [key, entry] of kept) if (entry.expiresAt <= this.clock.now()) kept.delete(key);
    }
  }
}

const keyOf = ({ clientId, personaId }: Holder): string => `${personaId} ${clientId}`;

const random = (bytes: number): string => randomBytes(bytes).toString('base64url');

const unexpired = <Entry extends { readonly expiresAt: number }>(
  entry: Entry | undefined,
  clock: Clock,
): Entry | undefined => (entry !== undefined && entry.expiresAt > clock.now() ? entry : undefined);
