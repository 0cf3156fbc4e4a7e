import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataSource } from '../../src/database/data-source.js';

const onPosix = process.platform === 'win32' ? describe.skip : describe;

onPosix('the files of a SQLite database', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-'));
    file = join(folder, 'data', 'latchkey.sqlite');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const modes = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(join(folder, 'data')).map((name) => [
        name,
        (statSync(join(folder, 'data', name)).mode & 0o777).toString(8),
      ]),
    );

  it('are for the eyes of their owner only', async () => {
    const dataSource = await openDataSource(`sqlite:${file}`);
    try {
      expect(modes()).toEqual({
        'latchkey.sqlite': '600',
        'latchkey.sqlite-shm': '600',
        'latchkey.sqlite-wal': '600',
      });
    } finally {
      await dataSource.destroy();
    }
  });

  it('leave a file that is there the mode that its owner has given it', async () => {
    await (await openDataSource(`sqlite:${file}`)).destroy();
    chmodSync(file, 0o640);
    const dataSource = await openDataSource(`sqlite:${file}`);
    try {
      expect(modes()).toMatchObject({ 'latchkey.sqlite': '640' });
    } finally {
      await dataSource.destroy();
    }
  });
});

it('a SQLite file that another process has for itself while it begins is waited for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-'));
  const file = join(folder, 'latchkey.sqlite');
  const other = new (createRequire(import.meta.url)('libsql') as SqliteDriver)(file, { timeout: 1 });
  other.exec('BEGIN EXCLUSIVE');
  const opening = openDataSource(`sqlite:${file}`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  other.exec('COMMIT');
  other.close();
  await (await opening).destroy();
  rmSync(folder, { recursive: true, force: true });
});

type SqliteDriver = new (
  file: string,
  options: { timeout: number },
) => { exec(sql: string): void; close(): void };
