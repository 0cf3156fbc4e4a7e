import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, LessThan, type Repository } from 'typeorm';
import { epoch } from '../../common/epoch-column.js';
import { PreparedReads, type PreparedRead } from '../../common/prepared-reads.js';
import { Session } from './session.entity.js';

/** A session as it is kept: no tokens and no profile. Times are seconds since the epoch. */
export interface SessionRecord {
  readonly id: string;
  /** SHA-256 of what the browser holds, base64url: a copy of the store opens nothing. */
  readonly tokenHash: string;
  readonly userId: string;
  readonly userAgent: string | null;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
}

/**
 * Where sessions are kept. By default in the database; an application that keeps them elsewhere extends this class and
 * gives it to `AuthModule.forRoot({ sessionStore })`. What has been written is seen by every instance at the next read.
 */
export abstract class SessionStore {
  /** The record of a cookie, whether or not it is still in force. */
  abstract find(tokenHash: string): Promise<SessionRecord | undefined>;

  /** All of one user, the last used first. */
  abstract ofUser(userId: string): Promise<readonly SessionRecord[]>;

  /** Writes the record, in place of the one with its id if there is one. */
  abstract save(record: SessionRecord): Promise<void>;

  /** Notes the use of a session. It must not bring back one that is gone. */
  abstract touch(id: string, lastSeenAt: number): Promise<void>;

  /** Resolves once none of them is found any more, by anybody. */
  abstract remove(ids: readonly string[]): Promise<void>;

  /** Clears away at most `limit` records that are over; a store that does so by itself has nothing to do. */
  abstract purge(over: { expiredAt: number; idleSince: number; limit: number }): Promise<void>;
}

/** Sessions as rows, read by a prepared statement. */
@Injectable()
export class DatabaseSessionStore extends SessionStore {
  private readonly rows: Repository<Session>;
  private readonly byToken: PreparedRead<Record<string, unknown>>;

  constructor(@InjectDataSource() dataSource: DataSource, reads: PreparedReads) {
    super();
    this.rows = dataSource.getRepository(Session);
    this.byToken = reads.prepare(
      'latchkey_session_by_token',
      `SELECT id, token_hash, user_id, user_agent, created_at, last_seen_at, expires_at
       FROM latchkey_sessions WHERE token_hash = $1`,
    );
  }

  async find(tokenHash: string): Promise<SessionRecord | undefined> {
    const row = await this.byToken(tokenHash);
    return row && recordOf(row);
  }

  ofUser(userId: string): Promise<SessionRecord[]> {
    return this.rows.find({ where: { userId }, order: { lastSeenAt: 'DESC', id: 'ASC' } });
  }

  async save(record: SessionRecord): Promise<void> {
    await this.rows.upsert({ ...record }, ['id']);
  }

  async touch(id: string, lastSeenAt: number): Promise<void> {
    await this.rows.update({ id, lastSeenAt: LessThan(lastSeenAt) }, { lastSeenAt });
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.rows.delete({ id: In([...ids]) });
  }

  async purge({
    expiredAt,
    idleSince,
    limit,
  }: {
    expiredAt: number;
    idleSince: number;
    limit: number;
  }): Promise<void> {
    const over = await this.rows.find({
      select: { id: true },
      where: [{ expiresAt: LessThan(expiredAt + 1) }, { lastSeenAt: LessThan(idleSince + 1) }],
      take: limit,
    });
    if (over.length > 0) await this.remove(over.map(({ id }) => id));
  }
}

const recordOf = (row: Record<string, unknown>): SessionRecord => ({
  id: String(row['id']),
  tokenHash: String(row['token_hash']),
  userId: String(row['user_id']),
  userAgent: row['user_agent'] as string | null,
  createdAt: epoch(row['created_at']) ?? 0,
  lastSeenAt: epoch(row['last_seen_at']) ?? 0,
  expiresAt: epoch(row['expires_at']) ?? 0,
});
