import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LastUses } from '../../src/token-vault/renewal/last-uses.js';
import type { RenewalOptions } from '../../src/token-vault/renewal/renewal.options.js';
import { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { json } from '../support/hostile-issuer-http.js';
import { withHeaders } from '../support/scripted-provider.js';
import { LIFETIME_SECONDS, RefreshingProvider, seed, turn, userOf, VirtualClock } from './renewal-stage.js';
import { genericInstance, startVault, type VaultStage } from './vault-stage.js';

const DAY_SECONDS = 24 * 3600;
const PER_SECOND = 10;
/** When every token of an hour is due, and none has less time left than its margin. */
const DUE_SECONDS = LIFETIME_SECONDS - 480;

describe.each(databaseKinds)('renewal in the background on %s', (kind) => {
  const clock = new VirtualClock();
  let provider: RefreshingProvider;
  let stage: VaultStage;

  let database: TemporaryDatabase;

  beforeAll(async () => {
    provider = await new RefreshingProvider(clock).start();
    database = await temporaryDatabase(kind);
  });
  beforeEach(async () => {
    const renewal = { perSecond: PER_SECOND, parallel: 5 };
    stage = await instance(renewal);
    await stage.dataSource.getRepository(StoredSecret).clear();
  });
  afterEach(() => stage.close());
  afterEach(() => provider.reset());
  afterAll(async () => {
    await provider.close();
    await database.drop();
  });

  const instance = (renewal?: RenewalOptions | false) =>
    startVault({
      kind,
      clock,
      database,
      renewal,
      instances: [genericInstance(provider.origin), xAt(provider)],
    });

  const read = async (userId: string, target = 'generic') =>
    (await stage.vault.read(userId, target)).accessToken.reveal();
  const asked = () => provider.refreshes.length;
  const rows = () => stage.dataSource.getRepository(StoredSecret).find({ order: { subject: 'ASC' } });
  const seconds = async (count: number): Promise<number[]> => {
    const amounts: number[] = [];
    for (let second = 0; second < count; second += 1) {
      clock.advance(1);
      const before = asked();
      await turn(stage);
      amounts.push(asked() - before);
    }
    return amounts;
  };

  it('does what is due at once as fast as the budget allows, and readers find it done (RR-23)', async () => {
    await seed(stage, 'generic', 35);
    clock.advance(DUE_SECONDS);
    expect(await seconds(5)).toEqual([10, 10, 10, 5, 0]);
    expect(await read(userOf(34))).toMatch(/^access/);
    expect(asked()).toBe(35);
  });

  it('leaves X alone: 48 hours of reads, one a minute, are one refresh in two hours (RR-23)', async () => {
    provider.lifetimeSeconds = 7200;
    await stage.grant(owner('x'), { accessToken: 'first', refreshToken: 'spent-once', expiresIn: 7200 });
    for (let minute = 0; minute < 48 * 60; minute += 1) {
      clock.advance(60);
      if (minute % 10 === 0) await turn(stage);
      await read('user', 'x');
    }
    expect(asked()).toBe(24);
    expect(provider.timesEach).toEqual([1]);
    expect(await rows()).toMatchObject([{ state: 'active', renewAt: null }]);
  }, 120_000);

  it('renews a grant before its end although nobody wants its access token, at X too', async () => {
    const ends = clock.now() + 30 * DAY_SECONDS;
    await stage.grant(owner('x'), {
      accessToken: 'a',
      refreshToken: 'r',
      expiresIn: 7200,
      grantExpiresAt: ends,
    });
    clock.advance(22 * DAY_SECONDS);
    await turn(stage);
    expect(asked()).toBe(0);
    clock.advance(5 * DAY_SECONDS);
    await turn(stage);
    expect(asked()).toBe(1);
  });

  it('leaves alone what nobody has used for a month, until somebody does', async () => {
    await stage.grant(owner('generic'), { accessToken: 'a', refreshToken: 'r', expiresIn: 60 * DAY_SECONDS });
    clock.advance(60 * DAY_SECONDS - 400);
    expect([await turn(stage), asked()]).toEqual([false, 0]);
    expect(await rows()).toMatchObject([{ renewAt: null, state: 'active' }]);

    expect(await read('user')).toBe('a');
    await stage.get(LastUses).flush();
    await turn(stage);
    expect(asked()).toBe(1);
  });

  it('knows when a token set was last used, give or take an hour, whichever instance has handed it out', async () => {
    const other = await instance();
    await stage.grant(owner('generic'), { accessToken: 'a', refreshToken: 'r', expiresIn: 7 * DAY_SECONDS });
    const used: (number | null)[] = [];
    const started = clock.now();
    for (const vault of [stage, other, stage, other, stage]) {
      await vault.vault.read('user', 'generic');
      await Promise.all([stage, other].map((one) => one.get(LastUses).flush()));
      const [{ lastUsedAt }] = await other.vault.list('user');
      used.push(lastUsedAt === null ? null : lastUsedAt - started);
      clock.advance(1200);
    }
    await other.close();
    expect(used).toEqual([0, 0, 0, 3600, 3600]);
  });

  it('asks fewer for a while where a provider asks to slow down, and none before it says so', async () => {
    await seed(stage, 'generic', 60);
    clock.advance(DUE_SECONDS);
    provider.answers = () => withHeaders({}, 429, { 'retry-after': '20' });
    const refused = (await seconds(1))[0];
    expect(refused).toBeLessThanOrEqual(PER_SECOND);
    provider.answers = undefined;
    const amounts = await seconds(40);
    expect(Math.max(...amounts.slice(0, 19))).toBe(0);
    expect(Math.max(...amounts)).toBeLessThanOrEqual(0.9 * PER_SECOND);
    expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBe(60);
    expect((await rows()).every(({ version }) => version === 2)).toBe(true);
  });

  it('probes a provider that is down now and then, serves what is good, and does the rest afterwards (RR-26)', async () => {
    await seed(stage, 'generic', 30);
    clock.advance(DUE_SECONDS);
    provider.answers = () => json({}, 503);
    const amounts = await seconds(60);
    expect(amounts.reduce((sum, amount) => sum + amount, 0)).toBeLessThanOrEqual(20);
    for (let index = 0; index < 30; index += 1) expect(await read(userOf(index))).toMatch(/^first/);
    provider.answers = undefined;
    await seconds(100);
    expect((await rows()).map(({ version, failures }) => [version, failures])).toEqual(
      Array.from({ length: 30 }, () => [2, 0]),
    );
  });

  it('keeps no other waiting for one that does not open', async () => {
    await seed(stage, 'generic', 2 * PER_SECOND);
    const broken = (await rows()).slice(0, PER_SECOND).map(({ id }) => id);
    await stage.dataSource.manager.update(StoredSecret, broken, { tokenType: 'altered', renewAt: 0 });
    clock.advance(DUE_SECONDS);
    await seconds(3);
    expect(asked()).toBe(PER_SECOND);
    expect((await rows()).filter(({ renewAt }) => renewAt !== null && renewAt <= clock.now())).toEqual([]);
  });

  it('finishes what was begun before it ends, and the next instance need not wait (RR-27)', async () => {
    const other = await instance({});
    await seed(other, 'generic', 1);
    clock.advance(DUE_SECONDS);
    let answer = (): void => undefined;
    const asking = new Promise<void>((arrived) => {
      const answered = new Promise<void>((resolve) => (answer = resolve));
      provider.answers = async () => {
        arrived();
        provider.answers = undefined;
        await answered;
        return json({ access_token: 'late', refresh_token: 'next', token_type: 'Bearer', expires_in: 3600 });
      };
    });
    const renewing = turn(other);
    await asking;
    const closing = other.close();
    answer();
    await closing;
    await renewing;
    expect(await read(userOf(0))).toBe('late');
    clock.advance(DUE_SECONDS);
    await turn(stage);
    expect(asked()).toBe(2);
  });

  it('happens nowhere where it is switched off', async () => {
    const off = await instance(false);
    await seed(off, 'generic', 3);
    clock.advance(DUE_SECONDS);
    await turn(off);
    await off.close();
    expect(asked()).toBe(0);
  });
});

const owner = (connectorId: string) => ({
  userId: 'user',
  connectorId,
  target: connectorId,
  subject: 'somebody',
});

const xAt = ({ origin }: RefreshingProvider) => ({
  id: 'x',
  connectorId: 'x-universal',
  enableTokenStorage: true,
  privateHosts: [new URL(origin).host],
  config: { clientId: 'latchkey', clientSecret: 'secret', endpoint: origin, apiEndpoint: origin },
});
