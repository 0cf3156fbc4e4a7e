import { setImmediate as othersTurn } from 'node:timers/promises';
import type { DataSource, EntityManager, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { unhurried } from '../common/unhurried.js';
import type { Binding } from './sealer.js';
import type { Sealed } from './sealed.js';
import { bindingOf } from './sealed-for.js';

/** A row with what is sealed in it, and how it is known in a log. */
export interface SealedRow {
  readonly entity: ObjectLiteral;
  readonly name: string;
  readonly sealed: Sealed;
}

/** The same, and what is to be in the place of its seal. */
export interface ResealedRow extends SealedRow {
  readonly next: Sealed;
}

interface KeyCount {
  readonly id: string;
  readonly rows: string | number;
}

/** A table with the three columns of {@link Sealed}, whatever else is in it. */
export class SealedTable {
  private readonly columns: Readonly<Record<keyof Sealed, ColumnMetadata>>;

  private constructor(
    private readonly dataSource: DataSource,
    private readonly metadata: EntityMetadata,
    columns: Partial<Record<keyof Sealed, ColumnMetadata>>,
  ) {
    this.columns = columns as Required<typeof columns>;
  }

  /** Every table of the data source that has sealed values. */
  static allOf(dataSource: DataSource): readonly SealedTable[] {
    return dataSource.entityMetadatas.flatMap((metadata) => {
      const find = (name: string) => metadata.columns.find(({ databaseName }) => databaseName === name);
      const [keyId, wrappedKey, ciphertext] = ['key_id', 'wrapped_key', 'ciphertext'].map(find);
      if (!keyId || !wrappedKey || !ciphertext) return [];
      return new SealedTable(dataSource, metadata, { keyId, wrappedKey, ciphertext });
    });
  }

  get name(): string {
    return this.metadata.tableName;
  }

  bindingOf({ entity }: SealedRow): Binding {
    return bindingOf(this.metadata.target, entity);
  }

  /** How many rows are sealed under which key. */
  async countByKey(): Promise<ReadonlyMap<string, number>> {
    const { keyId } = this.columns;
    const path = `row.${keyId.propertyPath}`;
    const [sql, values] = this.dataSource
      .createQueryBuilder(this.metadata.target, 'row')
      .select(path, 'id')
      .addSelect('COUNT(*)', 'rows')
      .where(`${path} <> ''`)
      .groupBy(path)
      .getQueryAndParameters();
    const counts = await unhurried<KeyCount>(this.dataSource.manager, sql, values);
    return new Map(counts.map(({ id, rows }) => [id, Number(rows)]));
  }

  /** Rows under this key, in the order of their primary keys, from behind the one that is given. */
  async next(keyId: string, limit: number, after?: SealedRow): Promise<SealedRow[]> {
    const keys = this.metadata.primaryColumns.map((column) => ({
      column,
      path: `row.${column.propertyPath}`,
    }));
    const query = this.dataSource
      .createQueryBuilder(this.metadata.target, 'row')
      .where(`row.${this.columns.keyId.propertyPath} = :keyId`, { keyId })
      .orderBy(Object.fromEntries(keys.map(({ path }) => [path, 'ASC' as const])))
      .take(limit);
    if (after) {
      const names = keys.map((_, index) => `:after${index}`);
      query.andWhere(`(${keys.map(({ path }) => path).join(', ')}) > (${names.join(', ')})`);
      for (const [index, { column }] of keys.entries())
        query.setParameter(`after${index}`, column.getEntityValue(after.entity));
    }
    return (await query.getMany()).map((entity) => this.rowOf(entity));
  }

  /**
   * Puts other seals in the place of those that were read, in one commit, and returns how many: not those of rows that
   * somebody has changed or removed, or is changing. It waits for nobody's lock, so that it takes part in no deadlock,
   * and lets the rest of the process go on between rows, because SQLite works in the process's only thread.
   */
  reseal(resealed: readonly ResealedRow[]): Promise<number> {
    if (resealed.length === 0) return Promise.resolve(0);
    return this.dataSource.transaction(async (manager) => {
      const free = await this.lockFree(manager, resealed);
      let count = 0;
      for (const row of resealed.filter(({ name }) => free.has(name))) {
        if (await this.replace(manager, row)) count += 1;
        await othersTurn();
      }
      return count;
    });
  }

  private async replace(manager: EntityManager, { entity, sealed, next }: ResealedRow): Promise<boolean> {
    const where = { ...this.part(sealed), ...this.keyOf(entity) };
    const { affected } = await manager.update(this.metadata.target, where, this.part(next));
    return affected === 1;
  }

  /** SQLite lets one transaction write at a time anyway. */
  private async lockFree(manager: EntityManager, rows: readonly SealedRow[]): Promise<ReadonlySet<string>> {
    if (this.dataSource.options.type !== 'postgres') return new Set(rows.map(({ name }) => name));
    const locked = await manager
      .createQueryBuilder(this.metadata.target, 'row')
      .select(this.metadata.primaryColumns.map(({ propertyPath }) => `row.${propertyPath}`))
      .where(rows.map(({ entity }) => this.keyOf(entity)))
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .getMany();
    return new Set(locked.map((entity: ObjectLiteral) => this.nameOf(entity)));
  }

  private keyOf(entity: ObjectLiteral): ObjectLiteral {
    const key: ObjectLiteral = {};
    for (const column of this.metadata.primaryColumns)
      column.setEntityValue(key, column.getEntityValue(entity));
    return key;
  }

  private nameOf(entity: ObjectLiteral): string {
    const values = this.metadata.primaryColumns.map((column) => String(column.getEntityValue(entity)));
    return `${this.name} ${values.join('/')}`;
  }

  private rowOf(entity: ObjectLiteral): SealedRow {
    const read = (column: ColumnMetadata) => String(column.getEntityValue(entity));
    const { keyId, wrappedKey, ciphertext } = this.columns;
    return {
      entity,
      name: this.nameOf(entity),
      sealed: { keyId: read(keyId), wrappedKey: read(wrappedKey), ciphertext: read(ciphertext) },
    };
  }

  private part(sealed: Sealed): ObjectLiteral {
    const part: ObjectLiteral = {};
    for (const name of ['keyId', 'wrappedKey', 'ciphertext'] as const)
      this.columns[name].setEntityValue(part, sealed[name]);
    return part;
  }
}
