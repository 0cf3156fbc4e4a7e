/** How fast the vault is: reads of a valid token over HTTP, refreshes, and how long many readers of one wait. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { link, load, percentile, signIn } from './measure.js';
import { freeUrl, indexedRead, main, startServer } from './servers.js';

const ROUNDS = 5;
const ROWS = 1000;
const PROCESSES = 3;
const READERS = 100;
const WAITS = 20;
const PROVIDER_MILLISECONDS = 100;

export const READ_TARGET = 0.6;
export const REFRESH_TARGET = 120;
export const WAIT_TARGET_MILLISECONDS = 20;

/** Beside a bare Fastify that reads the same row of the same database, in rounds, so that a disturbance meets all alike. */
export async function measureReads({ variables, provider, audience }) {
  const url = await freeUrl();
  const backend = await startServer(main, { url, ...variables(url), LOGTO_AUDIENCE: audience });
  const signedIn = await signIn(backend, 'reader');
  const cookie = await link(backend, signedIn.cookie, 'reader');
  const path = `${url}/api/my-account/identities/google/access-token`;
  const { id } = await (await fetch(`${url}/api/me`, { headers: { cookie } })).json();
  const bareUrl = await freeUrl();
  const bareVariables = { url: bareUrl, DATABASE_URL: variables(url).DATABASE_URL, USER_ID: id };
  const bare = await startServer(indexedRead, bareVariables);
  try {
    const kinds = {
      bare: [bareUrl, {}],
      session: [path, { cookie }],
      token: [path, { authorization: `Bearer ${await provider.accessToken(audience)}` }],
    };
    const seen = { bare: [], session: [], token: [] };
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [kind, parameters] of Object.entries(kinds)) seen[kind].push(await load(...parameters));
    return Object.fromEntries(Object.entries(seen).map(([kind, rounds]) => [kind, median(rounds)]));
  } finally {
    await Promise.all([backend.stop(), bare.stop()]);
  }
}

/** Of one process: tokens of many users that have expired, at a provider that answers at once. */
export async function measureRefreshes(databaseUrl) {
  const provider = await rotatingProvider(0);
  const [vault] = await vaults(databaseUrl, provider, 1);
  try {
    for (let row = 0; row < ROWS; row += 1) await vault.tell('store', grant(`user-${row}`));
    await vault.tell('advance', { seconds: 3600 });
    const { milliseconds, failed } = await vault.tell('sweep', { users: ROWS, parallel: 16 });
    if (failed > 0) throw new Error(`${failed} refreshes failed`);
    const commits = await vault.tell('commits');
    return { perSecond: (ROWS / milliseconds) * 1000, commitP99: percentile(commits, 99) };
  } finally {
    await vault.tell('close');
    provider.close();
  }
}

/** How much longer than the provider the slowest of 300 readers in three processes waits for one token; the median. */
export async function measureWaits(databaseUrl) {
  const provider = await rotatingProvider(PROVIDER_MILLISECONDS);
  const processes = await vaults(databaseUrl, provider, PROCESSES);
  const waits = [];
  try {
    await processes[0].tell('store', grant('user-0'));
    for (let round = 0; round < WAITS; round += 1) {
      await Promise.all(processes.map((vault) => vault.tell('advance', { seconds: 3600 })));
      const request = { userId: 'user-0', target: 'rotating', times: READERS };
      const slowest = await Promise.all(processes.map((vault) => vault.tell('time', request)));
      waits.push(Math.max(...slowest) - PROVIDER_MILLISECONDS);
    }
    if (provider.refreshes !== WAITS) throw new Error(`${provider.refreshes} refreshes instead of ${WAITS}`);
    return percentile(waits, 50);
  } finally {
    await Promise.all(processes.map((vault) => vault.tell('close')));
    provider.close();
  }
}

const grant = (userId) => ({
  owner: { userId, connectorId: 'rotating', target: 'rotating', subject: 'somebody' },
  accessToken: `access of ${userId}`,
  refreshToken: `refresh of ${userId}`,
  expiresIn: 3600,
});

async function rotatingProvider(milliseconds) {
  const provider = { refreshes: 0 };
  const server = createServer(async (request, response) => {
    request.resume();
    await once(request, 'end');
    await delay(milliseconds);
    const count = (provider.refreshes += 1);
    const tokens = {
      access_token: `a${count}`,
      refresh_token: `r${count}`,
      token_type: 'Bearer',
      expires_in: 3600,
    };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(tokens));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  provider.origin = `http://127.0.0.1:${server.address().port}`;
  provider.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return provider;
}

/** The first one alone: it makes the tables. */
async function vaults(databaseUrl, provider, count) {
  const first = await startVault(databaseUrl, provider);
  const others = Array.from({ length: count - 1 }, () => startVault(databaseUrl, provider));
  return [first, ...(await Promise.all(others))];
}

async function startVault(databaseUrl, { origin }) {
  const settings = {
    databaseUrl,
    vaultKeys: `bench:${Buffer.from('a key that only benches ever hold').subarray(0, 32).toString('base64')}`,
    instance: {
      id: 'rotating',
      connectorId: 'oauth2',
      target: 'rotating',
      enableTokenStorage: true,
      privateHosts: [new URL(origin).host],
      config: {
        clientId: 'bench',
        clientSecret: 'bench',
        authorizationEndpoint: `${origin}/authorize`,
        tokenEndpoint: `${origin}/token`,
        userInfoEndpoint: `${origin}/me`,
      },
    },
    times: { leaseMilliseconds: 7000, attemptMilliseconds: 7000, takeOverMilliseconds: 1500 },
    elapsedSeconds: 0,
  };
  const script = fileURLToPath(new URL('../test/process/vault-process.js', import.meta.url));
  const child = fork(script, [JSON.stringify(settings)], { execArgv: [] });
  await once(child, 'message');
  /** One thing at a time. */
  const tell = async (action, parameters = {}) => {
    child.send({ action, ...parameters });
    const [{ result, error }] = await once(child, 'message');
    if (error) throw new Error(error);
    return result;
  };
  return { tell };
}

const median = (rounds) =>
  [...rounds].sort((a, b) => a.perSecond - b.perSecond)[Math.floor(rounds.length / 2)];
