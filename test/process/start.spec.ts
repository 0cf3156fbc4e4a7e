import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_SESSION_SECRET, TEST_VAULT_KEYS } from '../support/backend.js';
import { freePort } from '../support/ports.js';
import { BackendProcess, type Ended } from './backend-process.js';

const key = (bytes: Buffer): string => bytes.toString('base64');
const goodKey = key(Buffer.from('another key that only tests hold'));

/** The sandbox's own, as they stand in the source for everybody to read. */
const SANDBOX_SESSION_SECRET = 'latchkey-sandbox-session-secret-not-a-secret';
const SANDBOX_KEY = key(Buffer.from('latchkey sandbox key, no secret!'));

/** Each starts a process or two. */
jest.setTimeout(120_000);

let folder: string;
let port: number;
let sandboxPort: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-start-'));
  [port, sandboxPort] = [await freePort(), await freePort()];
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const common = (): Record<string, string> => ({
  PORT: String(port),
  SANDBOX_PORT: String(sandboxPort),
  DATABASE_URL: `sqlite:${join(folder, 'latchkey.sqlite')}`,
});

/** A Logto that nobody runs, and everything that has to be given with it: keys of its own, and so a database. */
const real = (): Record<string, string> => ({
  ...common(),
  DATABASE_URL: `sqlite:${join(folder, 'real.sqlite')}`,
  LOGTO_ENDPOINT: 'http://localhost:1',
  LOGTO_APP_ID: 'application',
  LOGTO_APP_SECRET: 'hush: the application',
  SESSION_SECRET: TEST_SESSION_SECRET,
  VAULT_KEYS: TEST_VAULT_KEYS,
});

const production = (): Record<string, string> => ({
  ...real(),
  NODE_ENV: 'production',
  LOGTO_ENDPOINT: 'https://logto.example.test',
  BASE_URL: 'https://latchkey.example.test',
});

const without = (variables: Record<string, string>, ...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)));

describe('a start with a bad configuration', () => {
  /** The variables, those that the line names, and parts of values that it must not repeat. */
  interface Case {
    readonly what: string;
    readonly variables: () => Record<string, string>;
    readonly names: readonly string[];
    readonly secrets?: readonly string[];
  }

  const cases: Case[] = [
    {
      what: 'LOGTO_ENDPOINT without the rest of its group',
      variables: () => without(real(), 'LOGTO_APP_ID', 'LOGTO_APP_SECRET'),
      names: ['LOGTO_APP_ID', 'LOGTO_APP_SECRET'],
    },
    { what: 'a PORT that is no number', variables: () => ({ ...real(), PORT: 'abc' }), names: ['PORT'] },
    { what: 'a PORT out of range', variables: () => ({ ...real(), PORT: '65536' }), names: ['PORT'] },
    {
      what: 'a NODE_ENV that is misspelt',
      variables: () => ({ ...production(), NODE_ENV: 'produktion' }),
      names: ['NODE_ENV'],
    },
    {
      what: 'a key of 31 bytes',
      variables: () => ({
        ...real(),
        VAULT_KEYS: `a:${key(Buffer.from('31 bytes are one too few, alas.'))}`,
      }),
      names: ['VAULT_KEYS'],
      secrets: [key(Buffer.from('31 bytes are one too few, alas.'))],
    },
    {
      what: 'a key that is not base64',
      variables: () => ({ ...real(), VAULT_KEYS: 'a:hush! not base64' }),
      names: ['VAULT_KEYS'],
      secrets: ['hush'],
    },
    {
      what: 'a key of zeros',
      variables: () => ({ ...real(), VAULT_KEYS: `a:${key(Buffer.alloc(32))}` }),
      names: ['VAULT_KEYS'],
    },
    {
      what: 'two keys of one id',
      variables: () => ({ ...real(), VAULT_KEYS: `${TEST_VAULT_KEYS},test:${goodKey}` }),
      names: ['VAULT_KEYS'],
      secrets: [goodKey],
    },
    {
      what: 'a SESSION_SECRET of 31 characters',
      variables: () => ({ ...real(), SESSION_SECRET: 'hush-'.padEnd(31, 'x') }),
      names: ['SESSION_SECRET'],
      secrets: ['hush-'],
    },
    {
      what: 'production without anything',
      variables: () => ({ ...common(), NODE_ENV: 'production' }),
      names: ['LOGTO_ENDPOINT', 'BASE_URL', 'SESSION_SECRET', 'VAULT_KEYS'],
    },
    {
      what: 'production without secrets',
      variables: () => without(production(), 'SESSION_SECRET', 'VAULT_KEYS'),
      names: ['SESSION_SECRET', 'VAULT_KEYS'],
    },
    {
      what: 'production at an http address',
      variables: () => ({ ...production(), BASE_URL: 'http://latchkey.example.test' }),
      names: ['BASE_URL'],
    },
    {
      what: 'production with a Logto at an http address',
      variables: () => ({ ...production(), LOGTO_ENDPOINT: 'http://logto.example.test' }),
      names: ['LOGTO_ENDPOINT'],
    },
    {
      what: "production with the sandbox's session secret",
      variables: () => ({ ...production(), SESSION_SECRET: SANDBOX_SESSION_SECRET }),
      names: ['SESSION_SECRET'],
    },
    {
      what: "production with the sandbox's key",
      variables: () => ({ ...production(), VAULT_KEYS: `mine:${SANDBOX_KEY}` }),
      names: ['VAULT_KEYS'],
      secrets: [SANDBOX_KEY],
    },
    {
      what: "production with the sandbox's key as a second one, in base64url without padding",
      variables: () => ({
        ...production(),
        VAULT_KEYS: `${TEST_VAULT_KEYS},old:${SANDBOX_KEY.replace(/=+$/, '')}`,
      }),
      names: ['VAULT_KEYS'],
      secrets: [SANDBOX_KEY.replace(/=+$/, '')],
    },
    {
      what: "production with the sandbox's key under Logto's name",
      variables: () => ({ ...without(production(), 'VAULT_KEYS'), SECRET_VAULT_KEK: SANDBOX_KEY }),
      names: ['SECRET_VAULT_KEK'],
      secrets: [SANDBOX_KEY],
    },
    {
      what: "a short key under Logto's name",
      variables: () => ({ ...without(real(), 'VAULT_KEYS'), SECRET_VAULT_KEK: 'aHVzaA==' }),
      names: ['SECRET_VAULT_KEK'],
      secrets: ['aHVzaA'],
    },
    {
      what: 'a database server that nobody runs',
      variables: () => ({ ...real(), DATABASE_URL: 'postgres://someone:hush@127.0.0.1:1/latchkey' }),
      names: ['DATABASE_URL'],
      secrets: ['hush'],
    },
    {
      what: 'a database address that cannot be read',
      variables: () => ({ ...real(), DATABASE_URL: 'postgres://someone:hush%zz@127.0.0.1:1/latchkey' }),
      names: ['DATABASE_URL'],
      secrets: ['hush'],
    },
    {
      what: 'a SQLite file that is a folder',
      variables: () => ({ ...real(), DATABASE_URL: `sqlite:${folder}` }),
      names: ['DATABASE_URL'],
    },
    {
      what: 'a SQLite file below a file',
      variables: () => {
        writeFileSync(join(folder, 'file'), '');
        return { ...real(), DATABASE_URL: `sqlite:${join(folder, 'file', 'latchkey.sqlite')}` };
      },
      names: ['DATABASE_URL'],
    },
    {
      what: 'a HOST that is not of this machine',
      variables: () => ({ ...real(), HOST: '203.0.113.1' }),
      names: ['HOST'],
    },
  ];

  it.each(cases)('ends with one line that says so: $what', async ({ variables, names, secrets = [] }) => {
    const { code, stdout, stderr } = await endOf(variables());
    expect(stderr).toMatch(/^Configuration: .+\n$/);
    for (const name of names) expect(stderr).toMatch(new RegExp(`\\b${name}\\b`));
    for (const secret of [...secrets, TEST_SESSION_SECRET, TEST_VAULT_KEYS, 'hush: the application'])
      expect(stdout + stderr).not.toContain(secret);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it.each([
    ['PORT', () => port],
    ['SANDBOX_PORT', () => sandboxPort],
  ])('ends with one line that says so: a %s that is taken', async (name, taken) => {
    const occupant = await occupy(taken());
    const { code, stderr } = await endOf(common());
    await new Promise((resolve) => occupant.close(resolve));
    expect(stderr).toMatch(new RegExp(`^Configuration: ${name}\\b.*\n$`));
    expect(code).toBe(1);
  });
});

describe('a start without any configuration', () => {
  let backend: BackendProcess;

  beforeAll(async () => {
    backend = await new BackendProcess({
      ...common(),
      NODE_V8_COVERAGE: join(folder, 'sandboxed'),
    }).running();
  });

  afterAll(() => backend?.end('SIGKILL'));

  it('tells both addresses, at which the backend and its sandbox answer', async () => {
    expect(backend.stdout).toContain(`http://localhost:${port}`);
    expect(backend.stdout).toContain(`http://localhost:${sandboxPort}`);
    expect((await fetch(`http://localhost:${port}/`)).status).toBe(200);
    const metadata = await fetch(`http://localhost:${sandboxPort}/oidc/.well-known/openid-configuration`);
    expect(await metadata.json()).toMatchObject({ issuer: `http://localhost:${sandboxPort}/oidc` });
  });

  it('keeps its data in the SQLite file', () => {
    expect(existsSync(join(folder, 'latchkey.sqlite'))).toBe(true);
  });

  it('ends cleanly when it is asked to, with nothing on stderr', async () => {
    const { code, signal, stderr } = await backend.end('SIGTERM');
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(sandboxCode(join(folder, 'sandboxed'))).not.toEqual([]);
  });
});

describe('a start with a Logto of its own', () => {
  let backend: BackendProcess;

  beforeAll(async () => {
    backend = await new BackendProcess({ ...real(), NODE_V8_COVERAGE: join(folder, 'real') }).running();
  });

  afterAll(() => backend?.end('SIGKILL'));

  it('answers although that Logto is down, and says so when it is needed', async () => {
    expect((await fetch(`http://localhost:${port}/`)).status).toBe(200);
    const signIn = await fetch(`http://localhost:${port}/auth/sign-in`, { redirect: 'manual' });
    expect(signIn.status).toBe(503);
    expect(await signIn.json()).toMatchObject({ code: 'connector.provider_unavailable' });
  });

  it('runs no sandbox', async () => {
    expect(backend.stdout).not.toMatch(/sandbox/i);
    await expect(fetch(`http://localhost:${sandboxPort}/`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('loads none of its code, and no oidc-provider', async () => {
    const { code } = await backend.end('SIGTERM');
    expect(code).toBe(0);
    expect(sandboxCode(join(folder, 'real'))).toEqual([]);
  });
});

describe('a start whose browser has opened a connection and asked nothing on it yet', () => {
  it('ends cleanly when it is asked to', async () => {
    const backend = await new BackendProcess(real()).running();
    const connection = connect(port, 'localhost');
    try {
      await new Promise((resolve, reject) => connection.once('connect', resolve).once('error', reject));
      expect((await fetch(`http://localhost:${port}/`)).status).toBe(200);
      expect(await backend.end('SIGTERM')).toMatchObject({ code: 0, signal: null });
    } finally {
      connection.destroy();
      await backend.end('SIGKILL');
    }
  });
});

/** Scripts of the sandbox that a process has loaded, from the list of all scripts that V8 writes at its end. */
function sandboxCode(coverage: string): string[] {
  const scripts = readdirSync(coverage).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as {
      result: { url: string }[];
    };
    return result.map(({ url }) => url);
  });
  expect(scripts).toContainEqual(expect.stringContaining('/src/app.module.js'));
  return scripts.filter((url) => /\/node_modules\/oidc-provider\/|\/src\/sandbox\//.test(url));
}

/** How a start ends that has to fail by itself; one that succeeds is killed. */
async function endOf(variables: Record<string, string>): Promise<Ended> {
  const backend = new BackendProcess(variables);
  await backend.running().catch(() => undefined);
  return backend.end('SIGKILL');
}

function occupy(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
