import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { UsersService } from '../../src/index.js';
import { SealedTable, type SealedRow } from '../../src/sealing/sealed-table.js';
import { Browser } from '../support/browser.js';
import { databaseKinds } from '../support/databases.js';
import {
  signInThroughGoogle,
  signInThroughLogto,
  startSandboxed,
  type Sandboxed,
} from '../support/sandboxed.js';

const PATIENCE_MILLISECONDS = 20_000;

describe.each(databaseKinds)('what is sealed of a user who is removed, in %s', (database) => {
  let stage: Sandboxed;

  beforeAll(async () => {
    stage = await startSandboxed({ database });
  });
  afterAll(() => stage.close());

  /** Everything that is sealed anywhere. */
  async function sealedRows(): Promise<SealedRow[]> {
    const found: SealedRow[] = [];
    for (const table of SealedTable.allOf(stage.backend.dataSource))
      found.push(...(await table.next('test', 1000)));
    return found;
  }

  it('is gone: rows, and the wrapped keys by which a copy of them could be opened (VC-14)', async () => {
    const before = (await sealedRows()).map(({ name }) => name);
    const leaving = new Browser();
    await signInThroughGoogle(leaving, stage.backend, 'alice');
    const id = String((await leaving.json(`${stage.backend.url}/api/me`)).body['id']);
    const theirs = (await sealedRows()).filter(({ name }) => !before.includes(name));
    expect(theirs.length).toBeGreaterThan(0);
    const staying = new Browser();
    await signInThroughLogto(staying, stage.backend, 'bob');

    await stage.backend.get(UsersService).remove(id);
    const isOver = async () =>
      (await sealedRows()).every(({ name }) => !theirs.some((row) => keyOf(row.name) === keyOf(name)));
    for (let waited = 0; !(await isOver()) && waited < PATIENCE_MILLISECONDS; waited += 20) await pause(20);
    const dump = await stage.backend.dataSource.query<object[]>('SELECT * FROM latchkey_secrets');
    expect(dump).toEqual([]);
    expect(await isOver()).toBe(true);
    const kept = JSON.stringify(await sealedRows());
    for (const { sealed } of theirs) expect(kept).not.toContain(sealed.wrappedKey);
    expect((await staying.json(`${stage.backend.url}/api/me`)).status).toBe(200);
  });

  it('leaves neither name nor address nor subject in what the database has on disk (VC-14)', async () => {
    const telling = ['Zoë 李', 'zoe@studio.example.test', '109876120345567812349'];
    const found = async () => {
      if (database === 'SQLite') await stage.backend.dataSource.query('PRAGMA wal_checkpoint(TRUNCATE)');
      const dump = await stage.backend.database.dump();
      return telling.filter((text) => dump.includes(text));
    };
    const leaving = new Browser();
    await signInThroughGoogle(leaving, stage.backend, 'zoe');
    expect(await found()).toEqual(telling);
    const id = String((await leaving.json(`${stage.backend.url}/api/me`)).body['id']);
    expect(await stage.backend.get(UsersService).remove(id)).toBe('revoked');
    expect(await found()).toEqual([]);
  });
});

/** A row keeps its id where it waits for its end at the provider. */
const keyOf = (name: string): string => name.slice(name.indexOf(' '));
