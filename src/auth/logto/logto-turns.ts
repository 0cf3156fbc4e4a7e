import { Injectable, Logger } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { randomId } from '../../common/random.js';
import { KeyedTurns } from '../../common/keyed-turns.js';
import { LogtoSessions } from './logto-sessions.js';

const POLL_MILLISECONDS = 25;
/** Longer than a lease: a holder who has died is waited for. */
const PATIENCE_MILLISECONDS = 25_000;

/** One action per session at a time: in this process by turns, among processes by a lease in the session's row. */
@Injectable()
export class LogtoTurns {
  private readonly logger = new Logger(LogtoTurns.name);
  private readonly turns = new KeyedTurns();

  constructor(
    private readonly sessions: LogtoSessions,
    private readonly clock: Clock,
  ) {}

  /** Rejects with `auth.unauthorized` where the session has nothing of Logto's, or is ended meanwhile. */
  run<Result>(sessionId: string, action: () => Promise<Result>): Promise<Result> {
    const giveUpAt = this.clock.ticks() + PATIENCE_MILLISECONDS;
    return this.turns.run(sessionId, async () => {
      const owner = randomId(21);
      await this.claim(sessionId, owner, giveUpAt);
      try {
        return await action();
      } finally {
        await this.release(sessionId, owner);
      }
    });
  }

  private async claim(sessionId: string, owner: string, giveUpAt: number): Promise<void> {
    this.assertPatience(giveUpAt);
    while (!(await this.sessions.claim(sessionId, owner))) {
      if (!(await this.sessions.has(sessionId)))
        throw new LatchkeyError('auth.unauthorized', 'Nobody is signed in through Logto.');
      this.assertPatience(giveUpAt);
      await pause(POLL_MILLISECONDS * (0.5 + Math.random()));
    }
  }

  private assertPatience(giveUpAt: number): void {
    if (this.clock.ticks() > giveUpAt)
      throw new LatchkeyError('connector.provider_timeout', 'Others have been asking Logto for too long.');
  }

  private async release(sessionId: string, owner: string): Promise<void> {
    try {
      await this.sessions.release(sessionId, owner);
    } catch (error) {
      this.logger.warn(`The lease of session ${sessionId} runs out by itself: ${String(error)}`);
    }
  }
}
