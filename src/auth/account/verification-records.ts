import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, LessThanOrEqual, MoreThan, type EntityManager, type Repository } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { digest, randomId } from '../../common/random.js';
import { VerificationRecord, type RecordPhase } from './verification-record.entity.js';

const LIFETIME_SECONDS = 10 * 60;
const PENDING_PER_SESSION = 10;
const PURGE_EVERY_SECONDS = 60;

/** Whose a record is; both null for a program's. */
export type RecordOwner = Pick<VerificationRecord, 'userId' | 'sessionId'>;

export type NewRecord = RecordOwner &
  Pick<VerificationRecord, 'connectorId' | 'state' | 'nonce' | 'codeVerifier' | 'redirectUri' | 'scope'>;

/** The rows of round trips that programs conduct. Each lives ten minutes, belongs to one session, and is used once. */
@Injectable()
export class VerificationRecords {
  private readonly rows: Repository<VerificationRecord>;
  private purgeAt = 0;

  constructor(
    @InjectDataSource() dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    this.rows = dataSource.getRepository(VerificationRecord);
  }

  /** `state` in clear; its digest is what is kept. */
  async insert(record: NewRecord): Promise<Pick<VerificationRecord, 'id' | 'expiresAt'>> {
    await this.makeRoom(record);
    const kept = { id: randomId(21), expiresAt: this.clock.now() + LIFETIME_SECONDS };
    await this.rows.insert({ ...record, ...kept, state: digest(record.state), phase: 'pending' });
    return kept;
  }

  /** Rejects with `verification_record.not_found`, also where the record is another session's. */
  async find(owner: RecordOwner, id: string, phase: RecordPhase): Promise<VerificationRecord> {
    const found = await this.rows.findOneBy({ ...whoseOf(owner), id, phase, ...this.alive() });
    if (!found) throw notFound();
    return found;
  }

  /** The newest of a program's round trips with this state; it is over. Nothing where there is none. */
  async takeByState(connectorId: string, state: string): Promise<VerificationRecord | undefined> {
    const where = {
      ...whoseOf(PROGRAM),
      connectorId,
      state: digest(state),
      phase: 'pending' as const,
      ...this.alive(),
    };
    const found = await this.rows.findOne({ where, order: { expiresAt: 'DESC', id: 'ASC' } });
    if (!found) return undefined;
    const { affected } = await this.rows.delete({ id: found.id, phase: 'pending' });
    return affected === 1 ? found : undefined;
  }

  /** Moves on to the next phase. Rejects with `verification_record.not_found` where somebody else has. */
  async advance(
    { id, phase }: VerificationRecord,
    changes: Partial<Omit<VerificationRecord, 'id'>> & { readonly phase: RecordPhase },
  ): Promise<void> {
    const { affected } = await this.rows.update({ id, phase }, changes);
    if (affected !== 1) throw notFound();
  }

  /** Within the transaction of the write that uses the record. Rejects with `verification_record.not_found` where another one has. */
  async consume(manager: EntityManager, id: string): Promise<void> {
    const { affected } = await manager.delete(VerificationRecord, { id, phase: 'verified' });
    if (affected !== 1) throw notFound();
  }

  async removeOf(userId: string): Promise<void> {
    await this.rows.delete({ userId });
  }

  private alive() {
    return { expiresAt: MoreThan(this.clock.now()) };
  }

  /** Bounds what one session can pile up, and clears away what is over. */
  private async makeRoom({ userId, sessionId }: RecordOwner): Promise<void> {
    if (sessionId !== null) {
      const surplus = await this.rows.find({
        select: { id: true },
        where: { userId: userId ?? IsNull(), sessionId },
        order: { expiresAt: 'DESC', id: 'ASC' },
        skip: PENDING_PER_SESSION - 1,
      });
      if (surplus.length > 0) await this.rows.delete(surplus.map(({ id }) => id));
    }
    const now = this.clock.now();
    if (now < this.purgeAt) return;
    this.purgeAt = now + PURGE_EVERY_SECONDS;
    await this.rows.delete({ expiresAt: LessThanOrEqual(now) });
  }
}

export const PROGRAM: RecordOwner = { userId: null, sessionId: null };

const whoseOf = ({ userId, sessionId }: RecordOwner) => ({
  userId: userId ?? IsNull(),
  sessionId: sessionId ?? IsNull(),
});

const notFound = (): LatchkeyError =>
  new LatchkeyError('verification_record.not_found', 'Verification record not found.');
