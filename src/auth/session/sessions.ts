import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, LessThanOrEqual } from 'typeorm';
import { Clock } from '../../common/clock.js';
import type { CurrentUser } from '../../common/current-user.js';
import { digest, randomId, randomToken } from '../../common/random.js';
import { PreparedReads, type PreparedRead } from '../../common/prepared-reads.js';
import { Cookies, type HttpRequest } from './cookies.js';
import type { Sealed } from '../../sealing/sealed.js';
import { SessionTokens } from '../logto/session-tokens.entity.js';
import { Session } from './session.entity.js';

const COOKIE = 'latchkey';
const LIFETIME_SECONDS = 14 * 24 * 60 * 60;
const PURGE_EVERY_SECONDS = 60;

/** Seals what belongs to the session of this id. */
export type SealForSession = (sessionId: string) => Promise<Sealed>;

/** A session that is in force, and whose it is. */
export interface CurrentSession {
  readonly id: string;
  readonly tokenHash: string;
  readonly user: CurrentUser;
}

/** Sessions in the database. The cookie is a random value; the table holds its digest, so a copy of it opens nothing. */
@Injectable()
export class Sessions {
  private readonly byToken: PreparedRead<Record<string, unknown>>;
  private purgeAt = 0;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cookies: Cookies,
    private readonly clock: Clock,
    reads: PreparedReads,
  ) {
    this.byToken = reads.prepare(
      'latchkey_session_by_token',
      `SELECT s.id, s.token_hash, s.expires_at, u.id AS user_id, u.name, u.email, u.email_verified, u.avatar
       FROM latchkey_sessions s JOIN latchkey_users u ON u.id = s.user_id WHERE s.token_hash = $1`,
    );
  }

  async find(request: HttpRequest): Promise<CurrentSession | undefined> {
    const token = this.cookies.read(request, COOKIE);
    if (token === undefined) return undefined;
    const row = await this.byToken(digest(token));
    return row && Number(row['expires_at']) > this.clock.now() ? sessionOf(row) : undefined;
  }

  /**
   * Starts a session under a new id and ends the one that the browser had: what was known before the sign-in, to
   * whomever, is worth nothing after it (session fixation). The same user's session goes on as a record, renewed.
   * Tokens that belong to the session are written with it or not at all.
   */
  async open(request: HttpRequest, response: unknown, userId: string, seal?: SealForSession): Promise<void> {
    const token = randomToken();
    const current = await this.find(request);
    const id = current?.user.id === userId ? current.id : randomId(21);
    const createdAt = this.clock.now();
    const session = {
      id,
      tokenHash: digest(token),
      userId,
      createdAt,
      expiresAt: createdAt + LIFETIME_SECONDS,
    };
    const sealed = await seal?.(id);
    await this.dataSource.transaction(async (manager) => {
      if (current && current.id !== id) await manager.delete(Session, { id: current.id });
      await manager.upsert(Session, session, ['id']);
      if (sealed) await manager.upsert(SessionTokens, { sessionId: id, sealed }, ['sessionId']);
    });
    this.cookies.write(response, COOKIE, token, LIFETIME_SECONDS);
    await this.purge();
  }

  async close(response: unknown, session: CurrentSession | undefined): Promise<void> {
    if (session) await this.dataSource.manager.delete(Session, { id: session.id });
    this.cookies.clear(response, COOKIE);
  }

  private async purge(): Promise<void> {
    const now = this.clock.now();
    if (now < this.purgeAt) return;
    this.purgeAt = now + PURGE_EVERY_SECONDS;
    await this.dataSource.manager.delete(Session, { expiresAt: LessThanOrEqual(now) });
  }
}

const sessionOf = (row: Record<string, unknown>): CurrentSession => ({
  id: String(row['id']),
  tokenHash: String(row['token_hash']),
  user: {
    id: String(row['user_id']),
    name: textOf(row['name']),
    email: textOf(row['email']),
    emailVerified: Boolean(row['email_verified']),
    avatar: textOf(row['avatar']),
  },
});

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
