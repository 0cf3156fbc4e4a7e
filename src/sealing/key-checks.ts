import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { Clock } from '../common/clock.js';
import { isLatchkeyError, type ErrorCode, type LatchkeyError } from '../common/errors.js';
import { ConfigurationError } from '../config/configuration.error.js';
import { KeyEncryption } from './key-encryption.js';
import { KeyRecord } from './key-record.entity.js';
import { SealedTable } from './sealed-table.js';
import { Sealer, type Binding } from './sealer.js';

/** How long a key service that was away at the start is left alone. */
const RETRY_MILLISECONDS = 30_000;
/** Rows of each table that a key is tried on; one that opens is enough. */
const SAMPLES = 5;
const KNOWN_VALUE = 'latchkey';

/**
 * Finds out at the start that a key was exchanged under its id. What a key is known by is written down when it
 * is first seen; from then on every instance that holds another key of that id refuses to start.
 */
@Injectable()
export class KeyChecks implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger(KeyChecks.name);
  private readonly records: Repository<KeyRecord>;
  private retry?: NodeJS.Timeout;

  constructor(
    private readonly keys: KeyEncryption,
    private readonly sealer: Sealer,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    this.records = dataSource.getRepository(KeyRecord);
  }

  async onModuleInit(): Promise<void> {
    await this.look();
    await this.warnOfKeysThatAreMissing();
  }

  beforeApplicationShutdown(): void {
    clearTimeout(this.retry);
  }

  /** Rejects with {@link ConfigurationError}. */
  async check(): Promise<void> {
    const known = (await this.records.find({ select: { id: true } })).map(({ id }) => id);
    const ids = new Set([...(await this.keys.keyIds()), ...known.filter((id) => this.keys.holds(id))]);
    for (const id of ids) await this.checkKey(id);
  }

  /** A key service that is away keeps nobody from starting: it is looked at again once it is back. */
  private async look(): Promise<void> {
    try {
      await this.check();
    } catch (error) {
      if (codeOf(error) !== 'vault.key_unavailable') throw error;
      this.logger.warn(`A key service does not answer, so its key is not checked yet: ${String(error)}`);
      this.retry = setTimeout(() => void this.lookAgain(), RETRY_MILLISECONDS).unref();
    }
  }

  private async lookAgain(): Promise<void> {
    await this.look().catch((error: unknown) => this.logger.error(String(error)));
  }

  private async checkKey(id: string): Promise<void> {
    const record = (await this.records.findOneBy({ id })) ?? (await this.register(id));
    const sealed = { keyId: id, wrappedKey: record.checkKey, ciphertext: record.checkValue };
    await this.sealer.open(sealed, bindingOf(id)).catch((error: unknown) => {
      throw codeOf(error) === 'vault.integrity_error' ? this.exchanged(id, error) : error;
    });
  }

  /** Of several instances that see a key first, one writes, and all are judged by what it wrote. */
  private async register(id: string): Promise<KeyRecord> {
    await this.assertOpensWhatIsThere(id);
    const sealed = await this.sealer.sealUnder(id, KNOWN_VALUE, bindingOf(id));
    const { wrappedKey: checkKey, ciphertext: checkValue } = sealed;
    const record = { id, checkKey, checkValue, firstSeenAt: this.clock.now() };
    await this.records.createQueryBuilder().insert().values(record).orIgnore().execute();
    return this.records.findOneByOrFail({ id });
  }

  /** Rows may be older than this table: a key that opens none of them must not become the known one. */
  private async assertOpensWhatIsThere(id: string): Promise<void> {
    let damage: LatchkeyError | undefined;
    for (const table of SealedTable.allOf(this.dataSource))
      for (const row of await table.next(id, SAMPLES))
        try {
          await this.sealer.open(row.sealed, table.bindingOf(row));
          return;
        } catch (error) {
          if (!isLatchkeyError(error) || error.code !== 'vault.integrity_error') throw error;
          damage ??= error;
        }
    if (damage) throw this.exchanged(id, damage);
  }

  private async warnOfKeysThatAreMissing(): Promise<void> {
    for (const table of SealedTable.allOf(this.dataSource))
      for (const [id, rows] of await table.countByKey())
        if (!this.keys.holds(id))
          this.logger.error(
            `${rows} rows of ${table.name} are sealed under the key "${id}", which no key service here holds: they cannot be read. Configure the key again, and run "npm run vault:rotate" before it is taken away.`,
          );
  }

  private exchanged(id: string, cause: unknown): ConfigurationError {
    return new ConfigurationError(
      `${this.keys.sourceOf(id)}: the key "${id}" is not the one that this database knows by that id; give a new key a new id`,
      { cause },
    );
  }
}

const bindingOf = (id: string): Binding => ['key-check', id];

const codeOf = (error: unknown): ErrorCode | undefined => (isLatchkeyError(error) ? error.code : undefined);
