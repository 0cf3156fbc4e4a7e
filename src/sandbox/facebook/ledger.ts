import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import { forget, type Holder, holderSchema, keyOf, mapOf, random } from '../ledger.js';
import { BASIC_PERMISSION } from './permissions.js';

const consentSchema = holderSchema.extend({
  granted: z.array(z.string()),
  declined: z.array(z.string()),
  dataAccessExpiresAt: z.number(),
});

const codeSchema = holderSchema.extend({
  redirectUri: z.string(),
  codeChallenge: z.string().optional(),
  expiresAt: z.number(),
  used: z.boolean(),
});

const tokenSchema = holderSchema.extend({
  issuedAt: z.number(),
  expiresAt: z.number(),
  /** Why it died before its time. */
  ended: z.enum(['app removed', 'password changed']).optional(),
});

export const facebookLedgerSchema = z.object({
  consents: mapOf(consentSchema),
  codes: mapOf(codeSchema),
  tokens: mapOf(tokenSchema),
});

export type Consent = z.infer<typeof consentSchema>;
export type Code = z.infer<typeof codeSchema>;
export type Token = z.infer<typeof tokenSchema>;
type Permissions = { readonly [kind in 'granted' | 'declined']: readonly string[] };
export type Ending = NonNullable<Token['ended']>;

const DAY_SECONDS = 24 * 3600;
/** https://developers.facebook.com/docs/facebook-login/guides/access-tokens: an hour or two, and about 60 days. */
export const SHORT_TOKEN_SECONDS = 5400;
export const LONG_TOKEN_SECONDS = 5_183_944;
const CODE_SECONDS = 600;
const DATA_ACCESS_SECONDS = 90 * DAY_SECONDS;
/** What is over is told apart from what never was for this long. */
const REMEMBERED_SECONDS = 90 * DAY_SECONDS;

/** Who allowed what to which app, and every code and token that came of it. */
export class FacebookLedger {
  constructor(
    private readonly saved: z.infer<typeof facebookLedgerSchema>,
    readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  consent(holder: Holder): Consent | undefined {
    return this.saved.consents.get(keyOf(holder));
  }

  /** Data access lasts 90 days from the last time that the person came through the dialog. */
  recordConsent({ clientId, personaId }: Holder, { granted, declined }: Permissions): void {
    this.saved.consents.set(keyOf({ clientId, personaId }), {
      clientId,
      personaId,
      granted: [...new Set(granted)],
      declined: [...new Set(declined)].filter((name) => !granted.includes(name)),
      dataAccessExpiresAt: this.clock.now() + DATA_ACCESS_SECONDS,
    });
    this.changed();
  }

  issueCode(details: Omit<Code, 'expiresAt' | 'used'>): string {
    const code = `AQ${random(150)}`;
    this.prune();
    this.saved.codes.set(code, { ...details, expiresAt: this.clock.now() + CODE_SECONDS, used: false });
    this.changed();
    return code;
  }

  findCode(code: string): Code | undefined {
    return this.saved.codes.get(code);
  }

  spendCode(value: string, code: Code): void {
    this.saved.codes.set(value, { ...code, used: true });
    this.changed();
  }

  issueToken({ clientId, personaId }: Holder, lifetimeSeconds: number): string {
    const token = `EAA${randomBytes(130).toString('hex')}`;
    const issuedAt = this.clock.now();
    this.saved.tokens.set(token, { clientId, personaId, issuedAt, expiresAt: issuedAt + lifetimeSeconds });
    this.changed();
    return token;
  }

  /** Also one that is over, so that its end can be named. */
  findToken(token: string): Token | undefined {
    return this.saved.tokens.get(token);
  }

  /** The tokens live on, without this permission. */
  withdrawPermission(holder: Holder, permission: string): void {
    const consent = this.consent(holder);
    if (consent === undefined) return;
    const { granted, declined } = consent;
    if (permission === BASIC_PERMISSION) return this.removeApp(holder);
    this.saved.consents.set(keyOf(holder), {
      ...consent,
      granted: granted.filter((name) => name !== permission),
      declined: [...new Set([...declined, permission])],
    });
    this.changed();
  }

  /** One app's permissions, or those of all. */
  removeApp({ personaId, clientId }: { readonly personaId: string; readonly clientId?: string }): void {
    const isMeant = (holder: Holder): boolean =>
      holder.personaId === personaId && (clientId === undefined || holder.clientId === clientId);
    forget<Holder>([this.saved.consents, this.saved.codes], isMeant);
    this.endTokens('app removed', isMeant);
  }

  /** Permissions stay, tokens die. */
  changePassword(personaId: string): void {
    this.endTokens('password changed', (holder) => holder.personaId === personaId);
  }

  private endTokens(ended: Ending, isMeant: (holder: Holder) => boolean): void {
    for (const [key, token] of this.saved.tokens) {
      if (isMeant(token)) this.saved.tokens.set(key, { ...token, ended: token.ended ?? ended });
    }
    this.changed();
  }

  private prune(): void {
    const forgotten = this.clock.now() - REMEMBERED_SECONDS;
    forget<{ expiresAt: number }>(
      [this.saved.codes, this.saved.tokens],
      (entry) => entry.expiresAt <= forgotten,
    );
  }
}
