import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, LessThan, LessThanOrEqual, type Repository } from 'typeorm';
import { epoch } from '../../common/epoch-column.js';
import { PreparedReads, type PreparedRead } from '../../common/prepared-reads.js';
import { Session } from './session.entity.js';

/** A session as it is kept: no tokens and no profile. Times are seconds since the epoch. */
export interface SessionRecord {
  readonly id: string;
  /** SHA-256 of what the browser holds, base64url: a copy of the store opens nothing. */
  readonly tokenHash: string;
  readonly userId: string;
  /**
   * The account with which the session began. Null or absent where that is not known, was none of our identities, or
   * has been unlinked by this very session: then it ends with whichever account its user unlinks from elsewhere.
   */
  readonly identityId?: string | null;
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

  /** Writes a record whose id is new. */
  abstract insert(record: SessionRecord): Promise<void>;

  /**
   * Writes the record over the one of its id, where that still has this digest: false where it has ended or has been
   * replaced, by whomever, and then nothing is written.
   */
  abstract replace(record: SessionRecord, tokenHash: string): Promise<boolean>;

  /** Notes the use of a session. It must not bring back one that is gone. */
  abstract touch(id: string, lastSeenAt: number): Promise<void>;

  /** Resolves once none of them is found any more, by anybody. */
  abstract remove(ids: readonly string[]): Promise<void>;

  /** Clears away at most `limit` records that are over, and returns their ids; none where a store does so by itself. */
  abstract purge(over: Purge): Promise<readonly string[]>;
}

/** What is over, in seconds since the epoch: expired by then, or not used since. */
export interface Purge {
  readonly expiredAt: number;
  readonly idleSince: number;
  readonly limit: number;
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
      `SELECT id, token_hash, user_id, identity_id, user_agent, created_at, last_seen_at, expires_at
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

  async insert(record: SessionRecord): Promise<void> {
    await this.rows.insert({ ...record });
  }

  async replace(record: SessionRecord, tokenHash: string): Promise<boolean> {
    const { affected } = await this.rows.update({ id: record.id, tokenHash }, rowOf(record));
    return affected === 1;
  }

  async touch(id: string, lastSeenAt: number): Promise<void> {
    await this.rows.update({ id, lastSeenAt: LessThan(lastSeenAt) }, { lastSeenAt });
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.rows.delete({ id: In([...ids]) });
  }

  async purge({ expiredAt, idleSince, limit }: Purge): Promise<string[]> {
    const over = await this.rows.find({
      select: { id: true },
      where: [{ expiresAt: LessThanOrEqual(expiredAt) }, { lastSeenAt: LessThanOrEqual(idleSince) }],
      take: limit,
    });
    const ids = over.map(({ id }) => id);
    if (ids.length > 0) await this.remove(ids);
    return ids;
  }
}

/** What is not said is not left as it was. */
const rowOf = (record: SessionRecord) => ({ ...record, identityId: record.identityId ?? null });

const recordOf = (row: Record<string, unknown>): SessionRecord => ({
  id: String(row['id']),
  tokenHash: String(row['token_hash']),
  userId: String(row['user_id']),
  identityId: row['identity_id'] as string | null,
  userAgent: row['user_agent'] as string | null,
  createdAt: epoch(row['created_at']) ?? 0,
  lastSeenAt: epoch(row['last_seen_at']) ?? 0,
  expiresAt: epoch(row['expires_at']) ?? 0,
});
