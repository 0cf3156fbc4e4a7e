import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { randomInt } from 'node:crypto';
import { DataSource, In, IsNull, LessThanOrEqual, Or, type Repository } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { databaseTimeIn, isOver } from '../../common/database-time.js';
import { Sealer } from '../../sealing/sealer.js';
import { bindingOf, LogtoSession, type BoundFacts } from './logto-session.entity.js';
import { logtoTokens, type LogtoTokens } from './logto-tokens.js';

/** Longer than a refresh can take with its time limits: two requests of five seconds, and a write. */
const LEASE_MILLISECONDS = 20_000;
const FIRST_VERSIONS = 2 ** 30;

/** Who somebody is at Logto, and in which of its sessions, where it says so. */
export interface LogtoAccount {
  readonly issuer: string;
  readonly subject: string;
  readonly sid?: string;
}

/** A session at Logto, a user there, or both at once. */
export interface LogtoParty {
  readonly issuer: string;
  readonly subject?: string;
  readonly sid?: string;
}

/** A session's tokens as they were read: {@link LogtoSessions.change} refuses to write over anything newer. */
export interface HeldTokens {
  readonly row: LogtoSession;
  readonly tokens: LogtoTokens;
}

/** What Logto has to do with our sessions, in the database: whose they are there, and their tokens, sealed. */
@Injectable()
export class LogtoSessions {
  private readonly logger = new Logger(LogtoSessions.name);
  private readonly rows: Repository<LogtoSession>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {
    this.rows = dataSource.getRepository(LogtoSession);
  }

  /** Keeps what a sign-in brought, under a version that no former row had: who renews what was there before writes nothing. */
  async keep(
    { id, expiresAt }: { id: string; expiresAt: number },
    { issuer, subject, sid }: LogtoAccount,
    tokens: LogtoTokens,
  ): Promise<void> {
    const version = randomInt(1, FIRST_VERSIONS);
    const facts = { sessionId: id, issuer, subject, sid: sid ?? null, version };
    const sealed = await this.seal(facts, tokens);
    await this.rows.upsert({ ...facts, sealed, leaseOwner: null, leaseUntil: null, expiresAt }, [
      'sessionId',
    ]);
  }

  has(sessionId: string): Promise<boolean> {
    return this.rows.existsBy({ sessionId });
  }

  /** Nothing where the session did not sign in through Logto. Rejects with `vault.*` where the tokens do not open. */
  async read(sessionId: string): Promise<HeldTokens | undefined> {
    const row = await this.rows.findOneBy({ sessionId });
    return row ? { row, tokens: await this.open(row) } : undefined;
  }

  /** False when the session has other tokens by now, or none. */
  async change({ row }: HeldTokens, tokens: LogtoTokens): Promise<boolean> {
    const { sessionId, version } = row;
    const sealed = await this.seal({ ...row, version: version + 1 }, tokens);
    const { affected } = await this.rows.update({ sessionId, version }, { sealed, version: version + 1 });
    return affected === 1;
  }

  /** Removes what belongs to these sessions and returns it. Tokens that do not open are as good as none: they end here. */
  async take(sessionIds: readonly string[]): Promise<LogtoTokens[]> {
    const found = await this.rows.findBy({ sessionId: In([...sessionIds]) });
    await this.drop(sessionIds);
    const opened = await Promise.allSettled(found.map((row) => this.open(row)));
    for (const [index, { status }] of opened.entries())
      if (status === 'rejected')
        this.logger.error(`Tokens of session ${found[index]?.sessionId} do not open`);
    return opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  async drop(sessionIds: readonly string[]): Promise<void> {
    if (sessionIds.length > 0) await this.rows.delete({ sessionId: In([...sessionIds]) });
  }

  /** The session goes on for longer, and so does what Logto has to do with it. */
  async prolong({ id: sessionId, expiresAt }: { id: string; expiresAt: number }): Promise<void> {
    await this.rows.update({ sessionId }, { expiresAt });
  }

  /**
   * Our sessions that belong to one of Logto's, or to one of its users, or to both. One of whose session at Logto
   * nothing is known counts as that of its user.
   */
  async idsOf({ issuer, subject, sid }: LogtoParty): Promise<string[]> {
    const ofUser = { issuer, ...(subject !== undefined && { subject }) };
    const unnamed = subject === undefined ? [] : [{ ...ofUser, sid: IsNull() }];
    const where = sid === undefined ? [ofUser] : [{ ...ofUser, sid }, ...unnamed];
    const rows = await this.rows.find({ select: { sessionId: true }, where });
    return rows.map(({ sessionId }) => sessionId);
  }

  /** Whether the owner may renew the session's tokens from now on, for a while, and nobody else may. */
  async claim(sessionId: string, owner: string): Promise<boolean> {
    const { affected } = await this.rows.update(
      { sessionId, leaseUntil: Or(IsNull(), isOver(this.dataSource)) },
      { leaseOwner: owner, leaseUntil: databaseTimeIn(this.dataSource, LEASE_MILLISECONDS) },
    );
    return affected === 1;
  }

  async release(sessionId: string, owner: string): Promise<void> {
    await this.rows.update({ sessionId, leaseOwner: owner }, { leaseOwner: null, leaseUntil: null });
  }

  async purge(limit: number): Promise<void> {
    const over = await this.rows.find({
      select: { sessionId: true },
      where: { expiresAt: LessThanOrEqual(this.clock.now()) },
      take: limit,
    });
    await this.drop(over.map(({ sessionId }) => sessionId));
  }

  private seal(facts: BoundFacts, tokens: LogtoTokens) {
    return this.sealer.seal(JSON.stringify(tokens), bindingOf(facts));
  }

  private async open(row: LogtoSession): Promise<LogtoTokens> {
    return logtoTokens.parse(JSON.parse(await this.sealer.open(row.sealed, bindingOf(row))));
  }
}
