import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { PreparedReads } from '../../src/common/prepared-reads.js';
import { unhurried } from '../../src/common/unhurried.js';
import { openDataSource } from '../../src/database/data-source.js';
import { refreshTimes } from '../../src/token-vault/refresh-lease.js';
import { Revocations } from '../../src/token-vault/leaving/revocations.js';
import { startBackend, type Backend } from '../support/backend.js';
import {
  databaseKinds,
  temporaryDatabase,
  type DatabaseKind,
  type TemporaryDatabase,
} from '../support/databases.js';
import { json } from '../support/hostile-issuer-http.js';
import { scriptedProvider } from '../support/scripted-provider.js';
import { SilentProxy } from '../support/silent-proxy.js';
import { genericInstance, startVault } from '../token-vault/vault-stage.js';

const TIME_LIMIT_MILLISECONDS = 120_000;
/** As where nobody says otherwise. */
const statementMilliseconds = 5000;
const TOKEN = 'POST /token';
const BACKEND_ID = 'SELECT pg_backend_pid()';

const kind: DatabaseKind = 'PostgreSQL';
const onPostgres = databaseKinds.includes(kind) ? describe : describe.skip;

onPostgres('a connection to PostgreSQL', () => {
  let database: TemporaryDatabase;
  let proxy: SilentProxy;
  let proxied: TemporaryDatabase;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    proxy = await SilentProxy.before(database.url);
    proxied = { ...database, url: proxy.url };
  });

  afterEach(async () => {
    await proxy.close();
    await database.drop();
  });

  it.each([
    [5000, '4s', '20s'],
    [500, '400ms', '2s'],
  ])('of %s ms gives the server less than that', async (milliseconds, statement, transaction) => {
    const dataSource = await openDataSource(database.url, milliseconds);
    const limits = ['statement_timeout', 'idle_in_transaction_session_timeout'].map((name) =>
      dataSource.query<object[]>(`SHOW ${name}`),
    );
    expect((await Promise.all(limits)).flat()).toEqual([
      { statement_timeout: statement },
      { idle_in_transaction_session_timeout: transaction },
    ]);
    await dataSource.destroy();
  });

  describe('of a data source', () => {
    let dataSource: DataSource;

    beforeEach(async () => {
      dataSource = await openDataSource(proxied.url);
      const read = (): Promise<unknown> => dataSource.query('SELECT pg_sleep(0.1)');
      await Promise.all(Array.from({ length: 5 }, read));
    });

    afterEach(() => dataSource.destroy());

    const first = async (sql: string): Promise<unknown> => (await dataSource.query<unknown[]>(sql))[0];
    const backendId = (): Promise<unknown> => first(BACKEND_ID);

    it.each([
      ['a statement', () => backendId()],
      ['a prepared read', () => new PreparedReads(dataSource).prepare('backend_id', BACKEND_ID)()],
    ])(
      'that goes silent fails %s before a lease of a refresh ends, and whoever asks next gets another one',
      async (_, ask) => {
        const before = await backendId();
        proxy.silencePresent();
        const leaseEnd = pause(refreshTimes.leaseMilliseconds, 'too late', { ref: false });
        await expect(Promise.race([ask(), leaseEnd])).rejects.toThrow();
        const after = await backendId();
        expect(after).not.toEqual(before);
        proxy.resume();
        expect(await backendId()).toEqual(after);
      },
      TIME_LIMIT_MILLISECONDS,
    );

    it(
      'that goes silent in a transaction is not given to anybody with that transaction in it',
      async () => {
        const transaction = dataSource.transaction(async (manager) => {
          await manager.query('CREATE TABLE unfinished ()');
          proxy.silencePresent();
          await manager.query('SELECT 1');
        });
        await expect(transaction).rejects.toThrow();
        proxy.resume();
        const seen = await Promise.all(
          Array.from({ length: 10 }, () => dataSource.query("SELECT to_regclass('unfinished') AS found")),
        );
        expect(seen).toEqual(seen.map(() => [{ found: null }]));
      },
      TIME_LIMIT_MILLISECONDS,
    );

    it(
      'stays where the server refuses a statement, or gives one up',
      async () => {
        const before = await backendId();
        await expect(dataSource.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
        expect(await backendId()).toEqual(before);
        const endless = dataSource.transaction(async (manager) => {
          await manager.query('SET LOCAL statement_timeout = 100');
          await manager.query('SELECT pg_sleep(60)');
        });
        await expect(endless).rejects.toMatchObject({ code: '57014' });
        expect(await backendId()).toEqual(before);
      },
      TIME_LIMIT_MILLISECONDS,
    );

    it(
      'bears with a statement that says that it takes long, and with that one alone',
      async () => {
        await dataSource.transaction(async (manager) => {
          const rows = await unhurried(manager, 'SELECT pg_sleep($1), 1 AS found', [7]);
          expect(rows).toMatchObject([{ found: 1 }]);
        });
        expect(await first('SHOW statement_timeout')).toEqual({ statement_timeout: '4s' });
      },
      TIME_LIMIT_MILLISECONDS,
    );

    it('lets the server end a transaction that nobody goes on with', async () => {
      const limit = await first('SHOW idle_in_transaction_session_timeout');
      expect(limit).toEqual({ idle_in_transaction_session_timeout: '20s' });
    });
  });

  describe('of a backend', () => {
    let backend: Backend;

    beforeEach(async () => {
      const logto = { endpoint: 'http://localhost:1', appId: 'application', appSecret: 'secret' };
      backend = await startBackend({ database: proxied, statementMilliseconds, settings: { logto } });
    });

    afterEach(() => backend.close());

    const ask = (): Promise<Response> =>
      fetch(`${backend.url}/api/me`, { headers: { cookie: `latchkey=${'x'.repeat(43)}` } });

    it(
      'that goes silent fails every request in time with an error of ours, and none after it is back',
      async () => {
        expect((await ask()).status).toBe(401);
        proxy.silenceAll();
        const answers = await Promise.all(Array.from({ length: 30 }, ask));
        for (const answer of answers) {
          expect(answer.status).toBe(500);
          expect(await answer.json()).toMatchObject({ code: 'server.error' });
        }
        proxy.resume();
        expect((await ask()).status).toBe(401);
      },
      TIME_LIMIT_MILLISECONDS,
    );
  });

  describe('of a vault', () => {
    const answer = json({
      access_token: 'new',
      refresh_token: 'second',
      token_type: 'Bearer',
      expires_in: 3600,
    });
    const provider = scriptedProvider({ [TOKEN]: answer });
    const owner = { userId: 'user', connectorId: 'generic', target: 'generic', subject: 'subject' };

    it(
      'bears with the removal of all token sets of a connector, however long that takes',
      async () => {
        const stage = await startVault({
          kind,
          database,
          statementMilliseconds,
          instances: [genericInstance(provider.origin)],
        });
        try {
          await stage.grant(owner, { accessToken: 'old', refreshToken: 'first', expiresIn: 3600 });
          const held = stage.dataSource.transaction(async (manager) => {
            await manager.query('SELECT id FROM latchkey_secrets FOR UPDATE');
            await unhurried(manager, 'SELECT pg_sleep(7)');
          });
          const revocations = stage.get(Revocations);
          const taken = stage.dataSource.transaction((manager) => revocations.takeOf(manager, 'generic'));
          await held;
          expect(await taken).toBe(1);
        } finally {
          await stage.close();
        }
      },
      TIME_LIMIT_MILLISECONDS,
    );

    it(
      'that goes silent under a refresh does not lose the answer, nor lets anybody ask again for it (RR-24)',
      async () => {
        const options = { kind, statementMilliseconds, instances: [genericInstance(provider.origin)] };
        const stage = await startVault({ ...options, database: proxied });
        // Were it to take the attempt over, the one that has begun it would have all the time that it needs.
        const times = { ...refreshTimes, takeOverMilliseconds: 15_000 };
        const other = await startVault({ ...options, database, times });
        try {
          await stage.grant(owner, { accessToken: 'old', refreshToken: 'first', expiresIn: 3600 });
          for (const { clock } of [stage, other]) clock.advance(3600);
          let readElsewhere: Promise<string> | undefined;
          const read = async ({ vault }: typeof stage): Promise<string> =>
            (await vault.read(owner.userId, 'generic')).accessToken.reveal();
          provider.script({
            [TOKEN]: () => {
              proxy.silencePresent();
              readElsewhere ??= read(other);
              return answer;
            },
          });
          expect(await read(stage)).toBe('new');
          expect(await readElsewhere).toBe('new');
          expect(provider.requestsTo(TOKEN)).toHaveLength(1);
        } finally {
          await other.close();
          await stage.close();
        }
      },
      TIME_LIMIT_MILLISECONDS,
    );
  });
});
