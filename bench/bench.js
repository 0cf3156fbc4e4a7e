/** `npm run bench`: how fast Latchkey is, each figure beside the bare framework in the same run. */
import { randomBytes } from 'node:crypto';
import { cpus, loadavg } from 'node:os';
import { openDatabases } from './databases.js';
import { load, pairs, percentile, signIn, signIns } from './measure.js';
import { client, startProvider } from './provider.js';
import { freeUrl, guarded, hello, main, startServer } from './servers.js';
import {
  measureReads,
  measureRefreshes,
  measureWaits,
  READ_TARGET,
  REFRESH_TARGET,
  WAIT_TARGET_MILLISECONDS,
} from './vault.js';

const BOOTS = 5;
const SIGN_INS = 200;
const BOOT_TARGET_MILLISECONDS = 1500;
const SANDBOX_BOOT_TARGET_MILLISECONDS = 2500;
const GUARD_ROUNDS = 7;
const SESSION_GUARD_TARGET = 0.6;
const TOKEN_GUARD_TARGET = 0.8;
const AUDIENCE = 'https://bench.example.test/api';

const rows = [];
const [cpu] = cpus();
console.log(`Node ${process.version}, ${cpus().length} x ${cpu.model}, load ${loadavg()[0].toFixed(2)}`);

const provider = await startProvider();
const databases = await openDatabases();
try {
  await measureBoot();
  for (const database of databases) {
    await measureGuards(database);
    await measureRoutes(database);
    await measureVault(database);
  }
} finally {
  await Promise.all([...databases.map(({ drop }) => drop()), provider.stop()]);
}
print();

/** Interleaved, so that a disturbance meets all of them alike. Every database is empty: a first start. */
async function measureBoot() {
  const kinds = [
    { script: hello, variables: () => ({ NODE_ENV: 'production' }) },
    ...databases.map((database) => ({
      script: main,
      database: database.name,
      what: 'boot, backend alone',
      target: BOOT_TARGET_MILLISECONDS,
      variables: async (url) => production(url, await database.create()),
    })),
    {
      script: main,
      database: 'SQLite',
      what: 'boot, with the sandbox',
      target: SANDBOX_BOOT_TARGET_MILLISECONDS,
      variables: async () => ({
        DATABASE_URL: await databases[0].create(),
        SANDBOX_PORT: new URL(await freeUrl()).port,
      }),
    },
  ];
  const times = kinds.map(() => []);
  for (let round = 0; round < BOOTS; round += 1)
    for (const [index, { script, variables }] of kinds.entries()) {
      const url = await freeUrl();
      const server = await startServer(script, { url, ...(await variables(url)) });
      times[index].push(server.bootMilliseconds);
      await server.stop();
    }
  const [bare, ...medians] = times.map((values) => percentile(values, 50));
  for (const [index, median] of medians.entries()) {
    const { what, database, target } = kinds[index + 1];
    const verdict = `${median > target ? 'MISSED: ' : ''}at most ${target} ms`;
    rows.push([what, database, ms(median, 0), ms(bare, 0), ratio(median, bare), verdict]);
  }
}

/** Beside the same route of the same application without a guard, in rounds, so that a disturbance meets all alike. */
async function measureGuards(database) {
  const url = await freeUrl();
  const variables = { ...production(url, await database.create()), LOGTO_AUDIENCE: AUDIENCE };
  const server = await startServer(guarded, { url, ...variables });
  try {
    const { cookie } = await signIn(server, 'reader');
    const authorization = `Bearer ${await provider.accessToken(AUDIENCE)}`;
    const kinds = { open: {}, session: { cookie }, token: { authorization } };
    const seen = { open: [], session: [], token: [] };
    for (let round = 0; round < GUARD_ROUNDS; round += 1)
      for (const [kind, headers] of rotated(Object.entries(kinds), round))
        seen[kind].push(await load(`${url}/bench/${kind === 'open' ? 'open' : 'guarded'}`, headers));
    const [open, session, token] = Object.values(seen).map(medianRound);
    for (const [what, guard, target] of [
      ['guarded route, by session', session, SESSION_GUARD_TARGET],
      ['guarded route, by access token', token, TOKEN_GUARD_TARGET],
    ]) {
      const share = guard.perSecond / open.perSecond;
      const verdict = `${share < target ? 'MISSED: ' : ''}at least x ${target}`;
      rows.push([what, database.name, throughput(guard), throughput(open), `x ${share.toFixed(2)}`, verdict]);
    }
  } finally {
    await server.stop();
  }
}

async function measureRoutes(database) {
  const url = await freeUrl();
  const bare = await startServer(hello, { url: await freeUrl(), NODE_ENV: 'production' });
  const backend = await startServer(main, { url, ...production(url, await database.create()) });
  try {
    const { cookie } = await signIn(backend, 'reader', 'google');
    const open = await load(bare.url);
    const routes = { 'GET /api/me, by session': `${url}/api/me` };
    for (const [what, address] of Object.entries(routes)) {
      const read = await load(address, { cookie });
      const by = ratio(read.perSecond, open.perSecond);
      rows.push([what, database.name, throughput(read), throughput(open), by, '']);
    }
    await signIns(backend, provider, 20);
    const whole = await signIns(backend, provider, SIGN_INS);
    const twoRequests = await pairs(bare.url, SIGN_INS);
    const by = ratio(whole.p50, twoRequests.p50);
    rows.push(['sign-in, provider taken off', database.name, latency(whole), latency(twoRequests), by, '']);
  } finally {
    await Promise.all([bare.stop(), backend.stop()]);
  }
}

async function measureVault(database) {
  const databaseUrl = await database.create();
  const variables = (url) => production(url, databaseUrl);
  const { bare, session, token } = await measureReads({ variables, provider, audience: AUDIENCE });
  for (const [what, read] of [
    ['vault read, by session, beside one indexed read', session],
    ['vault read, by access token, beside the same', token],
  ]) {
    const share = read.perSecond / bare.perSecond;
    const verdict = `${share < READ_TARGET ? 'MISSED: ' : ''}at least x ${READ_TARGET}`;
    rows.push([what, database.name, throughput(read), throughput(bare), `x ${share.toFixed(2)}`, verdict]);
  }
  const { perSecond, commitP99 } = await measureRefreshes(await database.create());
  rows.push([
    'refreshes of one process, provider at once',
    database.name,
    `${perSecond.toFixed(0)} a second`,
    `answer to commit p99 ${ms(commitP99)}`,
    '',
    `${perSecond < REFRESH_TARGET ? 'MISSED: ' : ''}at least ${REFRESH_TARGET} a second`,
  ]);
  const wait = await measureWaits(await database.create());
  const verdict = `${wait > WAIT_TARGET_MILLISECONDS ? 'MISSED: ' : ''}at most ${WAIT_TARGET_MILLISECONDS} ms`;
  rows.push(['300 readers beyond the provider', database.name, ms(wait), '', '', verdict]);
}

function production(url, databaseUrl) {
  return {
    NODE_ENV: 'production',
    HOST: 'localhost',
    BASE_URL: url,
    DATABASE_URL: databaseUrl,
    SESSION_SECRET: randomBytes(48).toString('base64'),
    VAULT_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    LOGTO_ENDPOINT: provider.url,
    LOGTO_APP_ID: client.id,
    LOGTO_APP_SECRET: client.secret,
    CONNECTOR_GOOGLE_CLIENT_ID: client.id,
    CONNECTOR_GOOGLE_CLIENT_SECRET: client.secret,
    CONNECTOR_GOOGLE_ISSUER: `${provider.url}/google`,
  };
}

/** Whoever is measured first in one round is last in another. */
function rotated(list, by) {
  const first = by % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

function medianRound(rounds) {
  return [...rounds].sort((a, b) => a.perSecond - b.perSecond)[Math.floor(rounds.length / 2)];
}

function print() {
  const heads = [
    '',
    'database',
    'Latchkey',
    'beside (bare Nest on Fastify, or the open route)',
    'ratio',
    'target',
  ];
  const table = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
  const missed = rows.filter((row) => row[5].startsWith('MISSED'));
  console.log(
    missed.length === 0
      ? 'No target is missed.'
      : `Targets missed: ${missed.map(([what, on]) => `${what} (${on})`).join(', ')}`,
  );
  if (databases.length === 1) console.log('Left out: PostgreSQL, no server answers at TEST_POSTGRES_URL.');
}

function ms(value, digits = 2) {
  return `${value.toFixed(digits)} ms`;
}

function ratio(value, bare) {
  return `x ${(value / bare).toFixed(2)}`;
}

function throughput({ perSecond, p50, p99 }) {
  return `${perSecond.toFixed(0)} req/s, p50 ${ms(p50)}, p99 ${ms(p99)}`;
}

function latency({ p50, p95 }) {
  return `p50 ${ms(p50)}, p95 ${ms(p95)}`;
}
