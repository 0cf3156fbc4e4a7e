import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { Leases } from '../../src/common/leases/leases.js';
import { openDataSource } from '../../src/database/data-source.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';

const LONG = 60_000;

describe.each(databaseKinds)('a lease on %s', (kind) => {
  let database: TemporaryDatabase;
  let dataSources: DataSource[];

  beforeAll(async () => {
    database = await temporaryDatabase(kind);
    dataSources = [await openDataSource(database.url), await openDataSource(database.url)];
  });

  afterAll(async () => {
    await Promise.all(dataSources.map((dataSource) => dataSource.destroy()));
    await database.drop();
  });

  const instances = (): Leases[] => dataSources.map((dataSource) => new Leases(dataSource));

  it('is held by one of those who want it, for as long as that one wants it', async () => {
    const [one, other] = instances();
    const held = [await one.hold('a', LONG), await other.hold('a', LONG), await one.hold('a', LONG)];
    expect([...held, await other.hold('b', LONG)]).toEqual([true, false, true, true]);
  });

  it('passes to another one at once where it is given up, and only by its holder', async () => {
    const [one, other] = instances();
    await one.hold('c', LONG);
    await other.release('c');
    expect(await other.hold('c', LONG)).toBe(false);
    await one.release('c');
    expect([await other.hold('c', LONG), await one.hold('c', LONG)]).toEqual([true, false]);
  });

  it('passes to another one where its holder falls silent', async () => {
    const [one, other] = instances();
    await one.hold('d', 100);
    const limit = performance.now() + 20_000;
    while (!(await other.hold('d', LONG)) && performance.now() < limit) await delay(20);
    expect(await one.hold('d', LONG)).toBe(false);
  });
});
