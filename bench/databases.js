/** Empty databases, as many as are asked for, and their end. PostgreSQL only where a server answers. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const POSTGRES_URL = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';

export async function openDatabases() {
  return (await answers()) ? [sqlite(), postgres()] : [sqlite()];
}

function sqlite() {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  let count = 0;
  return {
    name: 'SQLite',
    create: async () => `sqlite:${join(folder, `${(count += 1)}.sqlite`)}`,
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function postgres() {
  const names = [];
  return {
    name: 'PostgreSQL',
    create: async () => {
      const name = `latchkey_bench_${randomBytes(6).toString('hex')}`;
      await onServer((server) => server.query(`CREATE DATABASE ${name}`));
      names.push(name);
      const url = new URL(POSTGRES_URL);
      url.pathname = `/${name}`;
      return url.href;
    },
    drop: () =>
      onServer(async (server) => {
        for (const name of names) await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
      }),
  };
}

async function answers() {
  try {
    await onServer(() => undefined);
    return true;
  } catch {
    return false;
  }
}

async function onServer(action) {
  const server = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 3000 });
  await server.connect();
  try {
    return await action(server);
  } finally {
    await server.end();
  }
}
