import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import { forget, mapOf, random } from '../ledger.js';

const codeSchema = z.object({
  corpId: z.string(),
  personaId: z.string(),
  /** What the person allowed to be told, by a ticket; absent, there is no ticket. */
  details: z.array(z.string()).optional(),
  expiresAt: z.number(),
  used: z.boolean(),
});

const ticketSchema = z.object({
  corpId: z.string(),
  personaId: z.string(),
  details: z.array(z.string()),
  expiresAt: z.number(),
});

const appTokenSchema = z.object({ corpId: z.string(), expiresAt: z.number() });

export const wecomLedgerSchema = z.object({
  codes: mapOf(codeSchema),
  tickets: mapOf(ticketSchema),
  appTokens: mapOf(appTokenSchema),
});

export type Code = z.infer<typeof codeSchema>;
export type Ticket = z.infer<typeof ticketSchema>;
export type AppToken = z.infer<typeof appTokenSchema>;

const CODE_SECONDS = 300;
export const TICKET_SECONDS = 1800;
const APP_TOKEN_SECONDS = 7200;
/** What is over is told apart from what never was for this long. */
const REMEMBERED_SECONDS = 24 * 3600;

/** Every code, ticket and application token of all companies. */
export class WecomLedger {
  constructor(
    private readonly saved: z.infer<typeof wecomLedgerSchema>,
    readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  issueCode(details: Omit<Code, 'expiresAt' | 'used'>): string {
    const code = random(32);
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

  issueTicket(details: Omit<Ticket, 'expiresAt'>): string {
    const ticket = random(48);
    this.saved.tickets.set(ticket, { ...details, expiresAt: this.clock.now() + TICKET_SECONDS });
    this.changed();
    return ticket;
  }

  findTicket(ticket: string): Ticket | undefined {
    const found = this.saved.tickets.get(ticket);
    return found !== undefined && found.expiresAt > this.clock.now() ? found : undefined;
  }

  /**
   * The same value as long as it lives, with the seconds that it has left.
   * https://developer.work.weixin.qq.com/document/path/91039
   */
  appToken(corpId: string): { readonly token: string; readonly expiresInSeconds: number } {
    const now = this.clock.now();
    for (const [token, held] of this.saved.appTokens) {
      if (held.corpId === corpId && held.expiresAt > now) {
        return { token, expiresInSeconds: held.expiresAt - now };
      }
    }
    const token = randomBytes(160).toString('base64url');
    this.saved.appTokens.set(token, { corpId, expiresAt: now + APP_TOKEN_SECONDS });
    this.changed();
    return { token, expiresInSeconds: APP_TOKEN_SECONDS };
  }

  /** Also one that is over, so that its end can be named. */
  findAppToken(token: string): AppToken | undefined {
    return this.saved.appTokens.get(token);
  }

  /** As if WeCom took them back early: nobody knows them any more. */
  dropAppTokens(): void {
    this.saved.appTokens.clear();
    this.changed();
  }

  private prune(): void {
    const forgotten = this.clock.now() - REMEMBERED_SECONDS;
    const { codes, tickets, appTokens } = this.saved;
    forget<{ expiresAt: number }>([codes, tickets, appTokens], (entry) => entry.expiresAt <= forgotten);
  }
}
