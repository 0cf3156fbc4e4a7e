import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import { SingleFlight } from '../../common/single-flight.js';
import { AUTH_OPTIONS, AUTH_PATHS, type AuthModuleOptions, type AuthPaths } from '../auth.options.js';
import { LogtoSessions, type HeldTokens } from './logto-sessions.js';
import {
  covers,
  isFresh,
  isRenewable,
  keyOf,
  type HeldAccessToken,
  type LogtoTokens,
  type RenewableTokens,
  type TokenPurpose,
} from './logto-tokens.js';
import { LogtoTurns } from './logto-turns.js';
import { Logto } from './logto.js';

const WRITE_PAUSES_MILLISECONDS = [0, 50, 500];
const UNWRITTEN_LIMIT = 1000;

/**
 * Logto's access tokens of our sessions, always fresh. A session's refresh token is used by one request at a time, in
 * whatever process: Logto ends the whole grant when a consumed one comes again. Whoever asks for the same token
 * meanwhile gets the same answer.
 */
@Injectable()
export class LogtoAccessTokens implements BeforeApplicationShutdown {
  private readonly logger = new Logger(LogtoAccessTokens.name);
  private readonly flights = new SingleFlight<HeldAccessToken>();
  /** Answers of Logto's that the database would not take: nobody else has them, and what is stored is consumed. */
  private readonly unwritten = new Map<string, HeldTokens>();

  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @Inject(AUTH_PATHS) private readonly paths: AuthPaths,
    private readonly sessions: LogtoSessions,
    private readonly turns: LogtoTurns,
    private readonly logto: Logto,
    private readonly clock: Clock,
  ) {}

  /**
   * A token for this purpose, good for a minute at least unless Logto gives shorter ones, and not the `refused` one.
   * Rejects with `auth.unauthorized` where the session has no tokens of Logto's, with `reauthorization_required` where
   * Logto renews them no more, with `auth.access_denied` where it refuses this one, and with `connector.*` where it is
   * away.
   */
  async get(sessionId: string, purpose: TokenPurpose, refused?: string): Promise<HeldAccessToken> {
    const { tokens } = await this.read(sessionId);
    return (
      this.freshOf(tokens, purpose, refused) ??
      this.flights.run(`${sessionId} ${keyOf(purpose)}`, () =>
        this.turns.run(sessionId, () => this.renew(sessionId, purpose, refused)),
      )
    );
  }

  /** Forgets the session's access tokens, so that the next ones asked for are new. Rejects where it cannot be written. */
  async clear(sessionId: string): Promise<void> {
    await this.turns.run(sessionId, async () => {
      const held = await this.read(sessionId);
      await this.sessions.change(held, { ...held.tokens, accessTokens: {} });
    });
  }

  /** An answer of Logto's that is on its way is waited for: it may hold a refresh token that comes only once. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.flights.settled();
  }

  private async renew(sessionId: string, purpose: TokenPurpose, refused?: string): Promise<HeldAccessToken> {
    const held = await this.read(sessionId);
    const fresh = this.freshOf(held.tokens, purpose, refused);
    if (fresh) return fresh;
    const { row, tokens } = held;
    if (!isRenewable(tokens)) throw this.reauthorization('no_refresh_token');
    if (!covers(tokens, purpose)) throw this.reauthorization('scope_missing');
    const renewed = await this.ask({ row, tokens }, purpose);
    if (!renewed) return this.renew(sessionId, purpose, refused);
    await this.keep(held, renewed);
    return renewed.accessTokens[keyOf(purpose)];
  }

  /** Nothing where somebody else has renewed the tokens meanwhile. A refresh token that Logto has refused is never sent again. */
  private async ask(
    held: HeldTokens & { readonly tokens: RenewableTokens },
    purpose: TokenPurpose,
  ): Promise<LogtoTokens | undefined> {
    try {
      return await this.logto.refresh(held.tokens, held.row.subject, purpose);
    } catch (error) {
      if (!isLatchkeyError(error) || error.code !== 'connector.grant_invalid') throw error;
      const newer = await this.read(held.row.sessionId);
      if (newer.row.version !== held.row.version) return undefined;
      await this.keep(held, { ...held.tokens, refreshToken: undefined });
      throw this.reauthorization('grant_invalid');
    }
  }

  /** An answer cannot be asked for again: writing it down is tried more than once, and after that it is kept here. */
  private async keep(held: HeldTokens, tokens: LogtoTokens): Promise<void> {
    const { sessionId } = held.row;
    for (const milliseconds of WRITE_PAUSES_MILLISECONDS) {
      await pause(milliseconds);
      try {
        if (!(await this.sessions.change(held, tokens)))
          this.logger.warn(`Session ${sessionId} has ended or was renewed while Logto answered`);
        this.unwritten.delete(sessionId);
        return;
      } catch (error) {
        this.logger.error(`Logto's answer for session ${sessionId} could not be stored: ${String(error)}`);
      }
    }
    if (this.unwritten.size < UNWRITTEN_LIMIT) this.unwritten.set(sessionId, { row: held.row, tokens });
  }

  /** What is stored, or what should be. */
  private async read(sessionId: string): Promise<HeldTokens> {
    const held = await this.sessions.read(sessionId);
    const unwritten = this.unwritten.get(sessionId);
    if (unwritten && unwritten.row.version === held?.row.version) return unwritten;
    this.unwritten.delete(sessionId);
    if (held) return held;
    throw new LatchkeyError('auth.unauthorized', 'Nobody is signed in through Logto.');
  }

  private freshOf(
    { accessTokens }: LogtoTokens,
    purpose: TokenPurpose,
    refused?: string,
  ): HeldAccessToken | undefined {
    const held = accessTokens[keyOf(purpose)];
    return held && held.token !== refused && isFresh(held, this.clock.now()) ? held : undefined;
  }

  private reauthorization(reason: 'grant_invalid' | 'no_refresh_token' | 'scope_missing'): LatchkeyError {
    const authorization_url = `${this.options.baseUrl}/${this.paths.auth}/sign-in`;
    return new LatchkeyError('reauthorization_required', 'Sign in again to renew the access to Logto.', {
      data: { target: 'logto', reason, authorization_url },
    });
  }
}
