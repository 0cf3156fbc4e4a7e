import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, LessThanOrEqual } from 'typeorm';
import { Clock } from '../common/clock.js';
import type { CurrentUser } from '../common/current-user.js';
import { digest, randomId, randomToken } from '../common/random.js';
import { PreparedReads, type PreparedRead } from '../common/prepared-reads.js';
import { Cookies, type HttpRequest } from './cookies.js';
import { Session } from './session.entity.js';

const COOKIE = 'latchkey';
const LIFETIME_SECONDS = 14 * 24 * 60 * 60;
const PURGE_AT_MOST = 100;
const PURGE_EVERY_SECONDS = 60;

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
       FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1`,
    );
  }

  async find(request: HttpRequest): Promise<CurrentSession | undefined> {
    const token = this.cookies.read(request, COOKIE);
    if (token === undefined) return undefined;
    const row = await this.byToken(digest(token));
    return row && Number(row['expires_at']) > this.clock.now() ? sessionOf(row) : undefined;
  }

  /** Whether the browser brought a session cookie at all, good or not. */
  isOffered(request: HttpRequest): boolean {
    return this.cookies.read(request, COOKIE) !== undefined;
  }

  /**
   * Starts a session under a new id and ends the one that the browser had: what was known before the sign-in, to
   * whomever, is worth nothing after it (session fixation). The same user's session goes on as a record, renewed.
   */
  async open(request: HttpRequest, response: unknown, userId: string): Promise<string> {
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
    await this.dataSource.transaction(async (manager) => {
      if (current && current.id !== id) await manager.delete(Session, { id: current.id });
      const { affected } = await manager.update(Session, { id }, session);
      if (affected !== 1) await manager.insert(Session, session);
    });
    this.cookies.write(response, COOKIE, token, LIFETIME_SECONDS);
    await this.purge();
    return id;
  }

  async close(response: unknown, session: CurrentSession | undefined): Promise<void> {
    if (session) await this.dataSource.manager.delete(Session, { id: session.id });
    this.forget(response);
  }

  /** Takes a cookie from the browser that is good for nothing any more. */
  forget(response: unknown): void {
    this.cookies.clear(response, COOKIE);
  }

  private async purge(): Promise<void> {
    const now = this.clock.now();
    if (now < this.purgeAt) return;
    this.purgeAt = now + PURGE_EVERY_SECONDS;
    const sessions = this.dataSource.getRepository(Session);
    const where = { expiresAt: LessThanOrEqual(now) };
    const expired = await sessions.find({ select: { id: true }, where, take: PURGE_AT_MOST });
    if (expired.length > 0) await sessions.delete(expired.map(({ id }) => id));
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
