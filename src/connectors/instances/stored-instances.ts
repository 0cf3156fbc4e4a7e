import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { InstanceFactory, type StoredInstance } from './instance.factory.js';
import { ConnectorStore, stampOf } from './connector.store.js';
import { DEFAULT_SETTINGS, SignInExperienceStore, type SignInSettings } from './sign-in-experience.store.js';

/** How long the database is taken at its last word. */
const FRESH_MILLISECONDS = 500;

/** What the database held at one moment. */
export interface Snapshot {
  readonly instances: ReadonlyMap<string, StoredInstance>;
  readonly settings: SignInSettings;
}

/**
 * The instances of the database, kept in memory: other processes see a change within a second, and nobody waits for the
 * database but whoever comes first after half of one. The object of an instance stays the same until its row changes.
 * While the database is away, what was known goes on.
 */
@Injectable()
export class StoredInstances implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(StoredInstances.name);
  private snapshot: Snapshot = { instances: new Map(), settings: DEFAULT_SETTINGS };
  private freshUntil = -Infinity;
  private looking?: Promise<void>;
  private closed = false;

  constructor(
    private readonly store: ConnectorStore,
    private readonly experience: SignInExperienceStore,
    private readonly factory: InstanceFactory,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.reread();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.closed = true;
    await this.looking?.catch(() => undefined);
  }

  /** As it was a moment ago, at once. */
  peek(): Snapshot {
    void this.current();
    return this.snapshot;
  }

  /** As it was half a second ago, or later. */
  async current(): Promise<Snapshot> {
    if (this.clock.ticks() < this.freshUntil || this.closed) return this.snapshot;
    await (this.looking ?? this.look()).catch((error: unknown) => this.goOn(error));
    return this.snapshot;
  }

  /** As it is now, for those who have just written, or are about to. Rejects where the database is away. */
  async reread(): Promise<Snapshot> {
    await this.look();
    return this.snapshot;
  }

  /** One after the other, so that no older look replaces a newer one. */
  private look(): Promise<void> {
    const before = this.looking ?? Promise.resolve();
    const looking = before
      .catch(() => undefined)
      .then(() => this.update())
      .finally(() => {
        if (this.looking === looking) this.looking = undefined;
      });
    return (this.looking = looking);
  }

  private async update(): Promise<void> {
    const freshUntil = this.clock.ticks() + FRESH_MILLISECONDS;
    const [stamps, settings] = await Promise.all([this.store.stamps(), this.experience.read()]);
    const found = await Promise.all([...stamps].map(([id, stamp]) => this.instance(id, stamp)));
    const ordered = found.filter((one) => one !== undefined).sort(byAge);
    this.snapshot = { instances: new Map(ordered.map((one) => [one.row.id, one])), settings };
    this.freshUntil = freshUntil;
  }

  private async instance(id: string, stamp: string): Promise<StoredInstance | undefined> {
    const known = this.snapshot.instances.get(id);
    const isKept = known && (known.configured ?? known.retryAt > this.clock.ticks());
    if (isKept && stampOf(known.row) === stamp) return known;
    const row = await this.store.read(id);
    return row && this.factory.instantiate(row, known);
  }

  private goOn(error: unknown): void {
    this.freshUntil = this.clock.ticks() + FRESH_MILLISECONDS;
    this.logger.warn(`Connectors cannot be looked up, and stay as they were: ${String(error)}`);
  }
}

const byAge = ({ row: one }: StoredInstance, { row: other }: StoredInstance): number =>
  one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1);
