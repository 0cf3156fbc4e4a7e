import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import { randomId } from '../../common/random.js';
import { SingleFlight } from '../../common/single-flight.js';
import { Turns } from '../../common/turns.js';
import { AUTH_OPTIONS, AUTH_PATHS, type AuthModuleOptions, type AuthPaths } from '../auth.options.js';
import { LogtoSessions, type HeldTokens } from './logto-sessions.js';
import { isFresh, keyOf, type HeldAccessToken, type LogtoTokens, type TokenPurpose } from './logto-tokens.js';
import { Logto } from './logto.js';

const POLL_MILLISECONDS = 25;
const PATIENCE_MILLISECONDS = 15_000;
const WRITE_PAUSES_MILLISECONDS = [0, 50, 500];

/**
 * Logto's access tokens of our sessions, always fresh. A session's refresh token is used by one request at a time, in
 * whatever process: Logto ends the whole grant when a consumed one comes again. Whoever asks for the same token
 * meanwhile gets the same answer.
 */
@Injectable()
export class LogtoAccessTokens implements BeforeApplicationShutdown {
  private readonly logger = new Logger(LogtoAccessTokens.name);
  private readonly flights = new SingleFlight<HeldAccessToken>();
  private readonly turns = new Turns();

  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @Inject(AUTH_PATHS) private readonly paths: AuthPaths,
    private readonly sessions: LogtoSessions,
    private readonly logto: Logto,
    private readonly clock: Clock,
  ) {}

  /**
   * A token for this purpose, good for a minute at least unless Logto gives shorter ones. Rejects with
   * `auth.unauthorized` where the session has no tokens of Logto's, with `reauthorization_required` where Logto renews
   * them no more, with `auth.access_denied` where it refuses this one, and with `connector.*` where it is away.
   */
  async get(sessionId: string, purpose: TokenPurpose): Promise<HeldAccessToken> {
    const key = keyOf(purpose);
    const { tokens } = await this.read(sessionId);
    return (
      this.freshOf(tokens, key) ??
      this.flights.run(`${sessionId} ${key}`, () =>
        this.inTurn(sessionId, () => this.renew(sessionId, purpose)),
      )
    );
  }

  /** Forgets access tokens, so that the next one asked for is new: all of the session. */
  async clear(sessionId: string): Promise<void> {
    await this.inTurn(sessionId, async () => {
      const held = await this.read(sessionId);
      await this.keep(held, { ...held.tokens, accessTokens: {} });
    });
  }

  /** An answer of Logto's that is on its way is waited for: it may hold a refresh token that comes only once. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.flights.settled();
  }

  private async renew(sessionId: string, purpose: TokenPurpose): Promise<HeldAccessToken> {
    const key = keyOf(purpose);
    const held = await this.read(sessionId);
    const fresh = this.freshOf(held.tokens, key);
    if (fresh) return fresh;
    if (held.tokens.refreshToken === undefined) throw this.reauthorization('no_refresh_token');
    const renewed = await this.ask(held, purpose);
    if (!renewed) return this.renew(sessionId, purpose);
    await this.keep(held, renewed);
    return renewed.accessTokens[key];
  }

  /** Nothing where somebody else has renewed the tokens meanwhile. A refresh token that Logto has refused is never sent again. */
  private async ask(held: HeldTokens, purpose: TokenPurpose): Promise<LogtoTokens | undefined> {
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

  /** An answer cannot be asked for again, so writing it down is tried more than once. */
  private async keep(held: HeldTokens, tokens: LogtoTokens): Promise<void> {
    const { sessionId } = held.row;
    for (const milliseconds of WRITE_PAUSES_MILLISECONDS) {
      await pause(milliseconds);
      try {
        if (await this.sessions.change(held, tokens)) return;
        this.logger.warn(`Session ${sessionId} has ended or was renewed while Logto answered`);
        return;
      } catch (error) {
        this.logger.error(`Logto's answer for session ${sessionId} could not be stored: ${String(error)}`);
      }
    }
  }

  /** One at a time in this process, and by a lease in the session's row among processes. */
  private inTurn<Result>(sessionId: string, action: () => Promise<Result>): Promise<Result> {
    return this.turns.run(sessionId, async () => {
      const owner = randomId(21);
      await this.claim(sessionId, owner);
      try {
        return await action();
      } finally {
        await this.sessions.release(sessionId, owner).catch((error: unknown) => {
          this.logger.warn(`The lease of session ${sessionId} runs out by itself: ${String(error)}`);
        });
      }
    });
  }

  private async claim(sessionId: string, owner: string): Promise<void> {
    const giveUpAt = this.clock.ticks() + PATIENCE_MILLISECONDS;
    while (!(await this.sessions.claim(sessionId, owner))) {
      await this.read(sessionId);
      if (this.clock.ticks() > giveUpAt)
        throw new LatchkeyError(
          'connector.provider_timeout',
          'Logto is being asked by somebody else, for too long.',
        );
      await pause(POLL_MILLISECONDS * (0.5 + Math.random()));
    }
  }

  private async read(sessionId: string): Promise<HeldTokens> {
    const held = await this.sessions.read(sessionId);
    if (held) return held;
    throw new LatchkeyError('auth.unauthorized', 'Nobody is signed in through Logto.');
  }

  private freshOf({ accessTokens }: LogtoTokens, key: string): HeldAccessToken | undefined {
    const token = accessTokens[key];
    return token && isFresh(token, this.clock.now()) ? token : undefined;
  }

  private reauthorization(reason: 'grant_invalid' | 'no_refresh_token'): LatchkeyError {
    const authorization_url = `${this.options.baseUrl}/${this.paths.auth}/sign-in`;
    return new LatchkeyError('reauthorization_required', 'Sign in again to renew the access to Logto.', {
      data: { target: 'logto', reason, authorization_url },
    });
  }
}
