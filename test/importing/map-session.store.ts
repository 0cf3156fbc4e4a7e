import { Injectable } from '@nestjs/common';
import { SessionStore, type SessionRecord } from '../../src/index.js';

/** An application's own store of sessions, as short as one can be: what a Redis or a Map of one process would do. */
@Injectable()
export class MapSessionStore extends SessionStore {
  readonly records = new Map<string, SessionRecord>();

  override async find(tokenHash: string): Promise<SessionRecord | undefined> {
    return [...this.records.values()].find((record) => record.tokenHash === tokenHash);
  }

  override async ofUser(userId: string): Promise<SessionRecord[]> {
    const own = [...this.records.values()].filter((record) => record.userId === userId);
    return own.sort((one, other) => other.lastSeenAt - one.lastSeenAt || (one.id < other.id ? -1 : 1));
  }

  override async insert(record: SessionRecord): Promise<void> {
    this.records.set(record.id, { ...record });
  }

  override async replace(record: SessionRecord, tokenHash: string): Promise<boolean> {
    if (this.records.get(record.id)?.tokenHash !== tokenHash) return false;
    this.records.set(record.id, { ...record });
    return true;
  }

  override async touch(id: string, lastSeenAt: number): Promise<void> {
    const record = this.records.get(id);
    if (record && record.lastSeenAt < lastSeenAt) this.records.set(id, { ...record, lastSeenAt });
  }

  override async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.records.delete(id);
  }

  override async purge(over: Parameters<SessionStore['purge']>[0]): Promise<string[]> {
    const isOver = ({ expiresAt, lastSeenAt }: SessionRecord) =>
      expiresAt <= over.expiredAt || lastSeenAt <= over.idleSince;
    const gone = [...this.records.values()].filter(isOver).slice(0, over.limit);
    const ids = gone.map(({ id }) => id);
    await this.remove(ids);
    return ids;
  }
}
