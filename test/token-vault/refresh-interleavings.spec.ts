import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { LateAnswers } from '../../src/token-vault/late-answers.js';
import { RefreshLease } from '../../src/token-vault/refresh-lease.js';
import { Refresher } from '../../src/token-vault/refresher.js';
import { SecretStore } from '../../src/token-vault/secret.store.js';
import type { StoredSecret } from '../../src/token-vault/stored-secret.entity.js';
import type { TokenSetOwner } from '../../src/token-vault/token-vault.service.js';
import { databaseKinds } from '../support/databases.js';
import { json } from '../support/hostile-issuer-http.js';
import { scriptedProvider } from '../support/scripted-provider.js';
import { StandingClock } from '../support/standing-clock.js';
import { genericInstance, startVault, type VaultStage } from './vault-stage.js';
import { ANY_WRITE, repair, spoil, TOKEN_SETS } from './spoiled-writes.js';

const TOKEN = 'POST /token';
const REVOKE = 'POST /revoke';

describe.each(databaseKinds)('beside another one, a refresh on %s', (kind) => {
  let count = 0;
  const answer = () =>
    json({
      access_token: `new-${(count += 1)}`,
      refresh_token: `refresh-${count}`,
      token_type: 'Bearer',
      expires_in: 3600,
    });
  const provider = scriptedProvider({ [TOKEN]: answer, [REVOKE]: json({}) });
  /** A lease ends when a test says so. */
  const times = { leaseMilliseconds: 60_000, attemptMilliseconds: 60_000, takeOverMilliseconds: 800 };
  const clock = new StandingClock();
  let stage: VaultStage;
  let second: VaultStage;
  let owner: TokenSetOwner;

  beforeAll(async () => {
    const options = { kind, instances: [genericInstance(provider.origin)], times, clock };
    stage = await startVault(options);
    second = await startVault({ ...options, database: stage.database });
  });

  afterAll(async () => {
    await second.close();
    await stage.close();
  });

  beforeEach(async () => {
    owner = await somebody();
    pass(3600);
  });

  afterEach(() => {
    jest.restoreAllMocks();
    return repair(stage);
  });

  async function somebody(): Promise<TokenSetOwner> {
    const userId = `user-${(count += 1)}`;
    const made = { userId, connectorId: 'generic', target: 'generic', subject: userId };
    await stage.grant(made, { accessToken: 'old', refreshToken: `of ${userId}`, expiresIn: 3600 });
    return made;
  }

  const pass = (seconds: number): void => clock.advance(seconds);
  const read = async ({ vault } = stage, options = {}, { userId } = owner) =>
    (await vault.read(userId, 'generic', options)).accessToken.reveal();
  const row = () => stage.row(owner.userId);
  const revoke = () => second.get(SecretStore).revokeOfAccount('generic', owner.subject);
  /** As a process does that dies before it has an answer. */
  const die = async () => expect(await stage.get(RefreshLease).claim(await row())).toBeDefined();
  const letPass = async (...times: readonly string[]) => {
    for (const time of times) await stage.dataSource.query(`UPDATE latchkey_secrets SET ${time} = 0`);
  };
  /** Until the provider has been asked, which then waits for what this resolves with. */
  const inFlight = async (reply: () => unknown): Promise<() => void> => {
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    provider.script({ [TOKEN]: () => held.then(reply as typeof answer) });
    await until(() => provider.requestsTo(TOKEN).length > 0);
    return goOn;
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await turn();
  };

  it.each([
    ['refuses the grant', () => json({ error: 'invalid_grant' }, 400)],
    ['has a problem', () => json({}, 503)],
  ])('leaves a grant revoked that was revoked before the provider %s', async (_, reply) => {
    const reading = read().catch((error: unknown) => error);
    const goOn = await inFlight(reply);
    await revoke();
    goOn();
    expect(await reading).toMatchObject({
      code: 'reauthorization_required',
      data: { reason: 'revoked_by_provider' },
    });
    expect(await row()).toMatchObject({
      state: 'revoked',
      stateReason: 'revoked_by_provider',
      statusDueAt: 0,
      renewAt: null,
    });
  });

  it('is looked at by who waits for it, and not disturbed: taking it over is tried four times a second', async () => {
    const reading = read();
    const goOn = await inFlight(answer);
    const looks = jest.spyOn(second.get(SecretStore), 'findById');
    const tries = jest.spyOn(second.get(RefreshLease), 'claim');
    const begun = performance.now();
    const waiting = read(second);
    await until(() => looks.mock.calls.length >= 6);
    const seconds = (performance.now() - begun) / 1000;
    expect(tries.mock.calls.length).toBeGreaterThanOrEqual(1);
    expect(tries.mock.calls.length).toBeLessThanOrEqual(1 + seconds * 4);
    goOn();
    expect(await waiting).toBe(await reading);
    expect(provider.requestsTo(TOKEN)).toHaveLength(1);
  });

  it('does not begin an attempt on what was known before another one failed', async () => {
    const known = (await second.get(SecretStore).findById((await row()).id)) as StoredSecret;
    provider.script({ [TOKEN]: json({}, 503) });
    await read().catch(() => undefined);
    expect(await second.get(RefreshLease).claim(known)).toBeUndefined();
    expect((await row()).attemptId).toBeNull();
  });

  it.each([
    ['granted anew', () => second.grant(owner, { accessToken: 'a', refreshToken: 'b', expiresIn: 3600 })],
    ['revoked', revoke],
    ['taken by another attempt', async () => void (await second.get(RefreshLease).claim(await row()))],
  ])('neither begins nor is judged by a row as it was before it was %s', async (_, change) => {
    const known = (await stage.get(SecretStore).findById((await row()).id)) as StoredSecret;
    await change();
    const now = await row();
    expect(await stage.get(RefreshLease).claim({ ...known, validatedAt: now.validatedAt })).toBeUndefined();
    expect(await stage.get(SecretStore).note(known, { failures: 9 })).toBe(false);
    expect(await row()).toEqual(now);
  });

  it('and a sign-in are refused where they would write over a row that is newer than the one they read', async () => {
    const known = (await stage.get(SecretStore).findById((await row()).id)) as StoredSecret;
    await second.grant(owner, { accessToken: 'a', refreshToken: 'b', expiresIn: 3600 });
    const now = await row();
    for (const write of ['replace', 'complete'] as const)
      expect(await stage.get(SecretStore)[write](known, { scope: 'other' })).toBe(false);
    expect(await row()).toEqual(now);
  });

  it.each([
    ['leaves its refresh token to a sign-in that overtook it and brought none', undefined],
    ['leaves alone what a sign-in brought that overtook it', 'brought'],
  ])('%s', async (_, refreshToken) => {
    const reading = read();
    const goOn = await inFlight(answer);
    await second.grant(owner, { accessToken: 'signed in', refreshToken, expiresIn: 3600 });
    goOn();
    expect(await reading).toBe('signed in');
    const expected = refreshToken ?? `refresh-${count}`;
    provider.script({ [TOKEN]: answer });
    pass(3600);
    expect(await read(second)).toMatch(/^new/);
    expect(provider.requestsTo(TOKEN).map(({ form }) => form.get('refresh_token'))).toEqual([
      `of ${owner.userId}`,
      expected,
    ]);
  });

  it.each([
    [
      'another one took over',
      () => stage.dataSource.query(`UPDATE latchkey_secrets SET attempt_id = 'other'`),
    ],
    ['the grant was revoked', revoke],
  ])('sends nothing where %s before its own beginning was acknowledged', async (_, change) => {
    const lease = stage.get(RefreshLease);
    const beginning = lease.claim(await row());
    pass(60);
    const attempt = await beginning;
    if (!attempt) throw new Error('nobody else holds the row');
    await change();
    expect(await lease.outlastsOthers(attempt)).toBe(false);
  });

  it('is not begun again before the one of a process that has died must have been answered (RR-04)', async () => {
    await die();
    expect((await row()).attemptedAt).toBeGreaterThan(Date.now() - 60_000);
    const known = (await second.get(SecretStore).findById((await row()).id)) as StoredSecret;
    for (const time of ['attempted_at', 'lease_until']) {
      await letPass('attempted_at', 'lease_until');
      await stage.dataSource.query(`UPDATE latchkey_secrets SET ${time} = ${Date.now() + 60_000}`);
      expect(await second.get(RefreshLease).claim(known)).toBeUndefined();
    }
    await letPass('attempted_at', 'lease_until');
    expect(await read(second)).toMatch(/^new/);
  });

  it('is not begun a third time after two processes have died over it (RR-04)', async () => {
    for (let times = 0; times < 2; times += 1) {
      await die();
      await letPass('attempted_at', 'lease_until');
    }
    const told = { code: 'reauthorization_required', data: { reason: 'rotation_response_lost' } };
    await expect(read(second)).rejects.toMatchObject(told);
    await expect(read()).rejects.toMatchObject(told);
    expect(provider.requestsTo(TOKEN)).toEqual([]);
  });

  it('that fails after another one took over is not the one that is believed', async () => {
    const reading = read();
    const goOn = await inFlight(() => json({}, 503));
    await stage.dataSource.query(`UPDATE latchkey_secrets SET attempt_id = 'another'`);
    await letPass('attempted_at', 'lease_until');
    provider.script({ [TOKEN]: answer });
    goOn();
    expect(await reading).toMatch(/^new/);
  });

  it('whose answer waits to be written gives way to a revocation, and its grant is ended', async () => {
    provider.script({ [TOKEN]: () => spoil(stage, TOKEN_SETS).then(answer) });
    const renewed = await read();
    expect(renewed).toMatch(/^new/);
    await revoke();
    await expect(read()).rejects.toMatchObject({ data: { reason: 'revoked_by_provider' } });
    await repair(stage);
    const revoked = () => provider.requestsTo(REVOKE).map(({ form }) => form.get('token'));
    const limit = Date.now() + 20_000;
    while (revoked().length === 0 && Date.now() < limit)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(revoked()).toContain(`refresh-${count}`);
    expect((await row()).state).toBe('revoked');
  });

  it('whose answer waits to be written does not hand it out once it is over', async () => {
    provider.script({ [TOKEN]: () => spoil(stage, TOKEN_SETS).then(answer) });
    const renewed = await read();
    pass(3600);
    const late = read().catch((error: unknown) => error);
    await repair(stage);
    expect(await late).not.toBe(renewed);
    expect(await late).toMatch(/^new/);
  });

  it('whose answer was written although nobody heard of it is kept, and asked for once', async () => {
    const secrets = stage.get(SecretStore);
    const complete = secrets.complete.bind(secrets);
    secrets.complete = async (...parameters) => {
      secrets.complete = complete;
      await complete(...parameters);
      throw new Error('the connection ended before the commit was acknowledged');
    };
    const late = jest.spyOn(stage.get(LateAnswers), 'settle');
    const renewed = await read();
    expect(renewed).toMatch(/^new/);
    await until(() => late.mock.results.length > 0);
    await late.mock.results[0]?.value;
    expect([await read(), await read(second)]).toEqual([renewed, renewed]);
    expect(await row()).toMatchObject({ version: 2, state: 'active', attemptId: null });
    expect([provider.requestsTo(TOKEN).length, provider.requestsTo(REVOKE).length]).toEqual([1, 0]);
  });

  it('hands out its answer although neither it nor the news of it can be written down (RR-24)', async () => {
    provider.script({
      [TOKEN]: async () => {
        await spoil(stage, ANY_WRITE);
        await stage.dataSource.query('ALTER TABLE latchkey_hooks RENAME TO hidden_hooks');
        return answer();
      },
    });
    try {
      expect(await read()).toMatch(/^new/);
    } finally {
      await stage.dataSource.query('ALTER TABLE hidden_hooks RENAME TO latchkey_hooks');
    }
  });

  it('gives whoever asks for a longer life meanwhile its answer, and not what they have no use for', async () => {
    const { userId } = (owner = await somebody());
    pass(1800);
    const wish = { minTtlSeconds: 2400 };
    const reading = read(stage, wish);
    const goOn = await inFlight(answer);
    const tries = [stage, second].map((one) => jest.spyOn(one.get(RefreshLease), 'claim'));
    const others = [read(second, wish), read(stage, { minTtlSeconds: 2000 })];
    await until(() => tries.every(({ mock }) => mock.calls.length > 0));
    goOn();
    const renewed = await reading;
    expect(renewed).toMatch(/^new/);
    expect(await Promise.all(others)).toEqual([renewed, renewed]);
    expect(provider.requestsTo(TOKEN).map(({ form }) => form.get('refresh_token'))).toEqual([`of ${userId}`]);
  });

  it('that never ends keeps nobody for ever, and nobody from what is good still', async () => {
    owner = await somebody();
    pass(1800);
    await die();
    await stage.dataSource.query(`UPDATE latchkey_secrets SET lease_until = ${Date.now() + 600_000}`);
    const looks = jest.spyOn(second.get(SecretStore), 'findById');
    const reading = read(second, { minTtlSeconds: 2400 });
    await until(() => looks.mock.calls.length > 0);
    pass(30);
    expect(await reading).toBe('old');
    pass(1800);
    looks.mockClear();
    const late = read(second).catch((error: unknown) => error);
    await until(() => looks.mock.calls.length > 0);
    pass(30);
    expect(await late).toMatchObject({ code: 'connector.provider_timeout' });
    expect(provider.requestsTo(TOKEN)).toEqual([]);
  });

  it('is not begun by an application that ends, which serves what is good still (RR-27)', async () => {
    const third = await startVault({
      kind,
      instances: [genericInstance(provider.origin)],
      times,
      database: stage.database,
      clock,
    });
    const good = await somebody();
    await third.get(Refresher).beforeApplicationShutdown();
    expect(await read(third, { minTtlSeconds: 3000 }, good)).toBe('old');
    await expect(read(third)).rejects.toMatchObject({
      code: 'connector.provider_unavailable',
      retryAfterSeconds: 1,
    });
    expect(provider.requestsTo(TOKEN)).toEqual([]);
    await third.close();
  });

  it('is not forgotten by an application that ends while the database does not take its answer (RR-27)', async () => {
    const third = await startVault({
      kind,
      instances: [genericInstance(provider.origin)],
      times,
      database: stage.database,
      clock,
    });
    const told = jest.spyOn(third.get(Refresher), 'beforeApplicationShutdown');
    const writes = jest.spyOn(third.get(SecretStore), 'complete');
    const reading = read(third);
    const goOn = await inFlight(() => spoil(stage, TOKEN_SETS).then(answer));
    const ending = third.close();
    await until(() => told.mock.calls.length > 0);
    goOn();
    expect(await reading).toMatch(/^new/);
    await until(() => writes.mock.calls.length > 1);
    await repair(stage);
    await ending;
    expect(await row()).toMatchObject({ version: 2, attemptId: null });
  });

  it('that another instance makes is no probe of a provider that is down', async () => {
    provider.script({ [TOKEN]: json({}, 503) });
    for (let times = 0; times < 5; times += 1) {
      const { userId } = await somebody();
      pass(3600);
      await read(stage, {}, { ...owner, userId }).catch(() => undefined);
    }
    const other = await somebody();
    pass(3600);
    provider.script({ [TOKEN]: answer });
    expect(await second.get(RefreshLease).claim(await row())).toBeDefined();
    const waiting = read();
    let reading: unknown;
    for (const limit = Date.now() + 20_000; reading === undefined && Date.now() < limit;)
      reading = await read(stage, {}, other).catch(() => undefined);
    expect(reading).toMatch(/^new/);
    await letPass('attempted_at', 'lease_until');
    expect(await waiting).toMatch(/^new/);
  });

  it('that fails again and again keeps nobody else from theirs', async () => {
    const bad = owner;
    provider.script({
      [TOKEN]: ({ form }) => (form.get('refresh_token') === `of ${bad.userId}` ? json({}) : answer()),
    });
    for (let times = 0; times < 8; times += 1) {
      await read().catch(() => undefined);
      pass(600);
    }
    const other = await somebody();
    pass(3600);
    await read().catch(() => undefined);
    expect(await read(stage, {}, other)).toMatch(/^new/);
  });
});
