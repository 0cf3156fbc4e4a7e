import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { AuditEntry } from '../../src/audit/audit-entry.entity.js';
import { RefreshLease } from '../../src/token-vault/refresh-lease.js';
import type { TokenSetOwner } from '../../src/token-vault/token-vault.service.js';
import { databaseKinds } from '../support/databases.js';
import { json } from '../support/hostile-issuer-http.js';
import { drop, hang, scriptedProvider } from '../support/scripted-provider.js';
import { StandingClock } from '../support/standing-clock.js';
import { ANY_WRITE, repair, spoil, TOKEN_SETS } from './spoiled-writes.js';
import { genericInstance, startVault, type VaultStage } from './vault-stage.js';

const TOKEN = 'POST /token';
const REVOKE = 'POST /revoke';

describe.each(databaseKinds)('a refresh of the vault on %s', (kind) => {
  let count = 0;
  const answer = () =>
    json({
      access_token: `new-${(count += 1)}`,
      refresh_token: `refresh-${count}`,
      token_type: 'Bearer',
      expires_in: 3600,
    });
  const provider = scriptedProvider({ [TOKEN]: answer, [REVOKE]: json({}) });
  let stage: VaultStage;
  let second: VaultStage;
  let owner: TokenSetOwner;

  const clock = new StandingClock();

  /** Whoever takes an attempt over although its holder is alive gives that one all the time that it needs. */
  beforeAll(async () => {
    const options = {
      kind,
      clock,
      instances: [genericInstance(provider.origin)],
      times: { leaseMilliseconds: 600, attemptMilliseconds: 300, takeOverMilliseconds: 10_000 },
    };
    stage = await startVault(options);
    second = await startVault({ ...options, database: stage.database });
  });

  afterAll(async () => {
    await second.close();
    await stage.close();
  });

  beforeEach(async () => {
    owner = {
      userId: `user-${(count += 1)}`,
      connectorId: 'generic',
      target: 'generic',
      subject: `subject-${count}`,
    };
    await stage.grant(owner, { accessToken: 'old', refreshToken: 'first', expiresIn: 3600 });
    pass(3600);
  });

  afterEach(() => {
    jest.restoreAllMocks();
    return repair(stage);
  });

  const pass = (seconds: number): void => clock.advance(seconds);
  const read = async ({ vault } = stage) => (await vault.read(owner.userId, 'generic')).accessToken.reveal();
  const sent = () => provider.requestsTo(TOKEN).map(({ form }) => form.get('refresh_token'));
  /** The provider has been asked so often. */
  const asked = async (times: number): Promise<void> => {
    while (sent().length < times) await new Promise((resolve) => setImmediate(resolve));
  };

  it('whose answer the database does not take is handed out, kept and written as soon as it can be (RR-24)', async () => {
    provider.script({ [TOKEN]: () => spoil(stage, ANY_WRITE).then(answer) });
    const renewed = await read();
    expect(renewed).toMatch(/^new/);
    expect(await read()).toBe(renewed);
    expect((await stage.row(owner.userId)).version).toBe(1);
    await repair(stage);
    expect(await read(second)).toBe(renewed);
    expect(sent()).toEqual(['first']);

    provider.script({ [TOKEN]: answer });
    pass(3600);
    expect(await read(second)).not.toBe(renewed);
    expect(sent()).toEqual(['first', expect.stringMatching(/^refresh-/)]);
  });

  it('that another instance waits for is not asked for again while its answer waits to be written (RR-24)', async () => {
    provider.script({ [TOKEN]: () => spoil(stage, TOKEN_SETS).then(answer) });
    const renewed = await read();
    const leaseEnd = async () => (await stage.row(owner.userId)).leaseUntil;
    for (const first = await leaseEnd(); (await leaseEnd()) <= first;) await turn();
    const tries = jest.spyOn(second.get(RefreshLease), 'claim');
    const waiting = read(second);
    while (tries.mock.calls.length === 0) await turn();
    await repair(stage);
    expect(await waiting).toBe(renewed);
    expect(sent()).toEqual(['first']);
  });

  it('whose account is unlinked meanwhile brings nothing back, and its answer is revoked there (RR-08)', async () => {
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    provider.script({ [TOKEN]: () => held.then(answer) });
    const reading = read();
    await asked(1);
    await stage.dataSource.transaction((manager) => stage.vault.forget(manager, owner));
    goOn();
    await expect(reading).rejects.toMatchObject({ code: 'secrets.third_party_token_set.token_not_found' });
    expect(await stage.vault.list(owner.userId)).toEqual([]);
    const revoked = provider.requestsTo(REVOKE).map(({ form }) => form.get('token'));
    expect(revoked).toContain(`refresh-${count}`);
  });

  it('that the provider refuses is judged once, told once, and not tried again on any instance (RR-11)', async () => {
    provider.script({ [TOKEN]: json({ error: 'invalid_grant' }, 400) });
    const readers = [stage, second, stage, second].map((one) => read(one).catch((error: unknown) => error));
    for (const outcome of await Promise.all(readers))
      expect(outcome).toMatchObject({ code: 'reauthorization_required', data: { reason: 'grant_invalid' } });
    expect(sent()).toEqual(['first']);
    const told = await stage.dataSource
      .getRepository(AuditEntry)
      .findBy({ userId: owner.userId, event: 'secret.status_updated' });
    expect(told).toHaveLength(1);
  });

  it('that is refused after an answer was lost says that it was lost (RR-04)', async () => {
    provider.script({ [TOKEN]: drop });
    await expect(read()).rejects.toMatchObject({ code: 'connector.provider_unavailable' });
    provider.script({ [TOKEN]: json({}, 503) });
    pass(600);
    await expect(read()).rejects.toMatchObject({ code: 'connector.provider_unavailable' });
    provider.script({ [TOKEN]: json({ error: 'invalid_grant' }, 400) });
    pass(600);
    await expect(read()).rejects.toMatchObject({ data: { reason: 'rotation_response_lost' } });
  });

  it('that fails with a clear answer and is refused later says that the grant is gone', async () => {
    provider.script({ [TOKEN]: json({}, 503) });
    await expect(read()).rejects.toMatchObject({ code: 'connector.provider_unavailable' });
    provider.script({ [TOKEN]: json({ error: 'invalid_grant' }, 400) });
    pass(600);
    await expect(read()).rejects.toMatchObject({ data: { reason: 'grant_invalid' } });
  });

  it('whose answer is too large to be kept fails, says so, and is not held in memory for ever (VC-16)', async () => {
    provider.script({
      [TOKEN]: json({ access_token: 'x'.repeat(200_000), token_type: 'Bearer', expires_in: 3600 }),
    });
    await expect(read()).rejects.toMatchObject({ code: 'vault.token_too_large' });
    expect(await stage.row(owner.userId)).toMatchObject({ version: 1, attemptId: null, failures: 1 });
    provider.script({ [TOKEN]: answer });
    pass(600);
    expect(await read()).toMatch(/^new/);
  });

  it('that hangs is given up in time, and tried again later with the same refresh token (RR-10)', async () => {
    provider.script({ [TOKEN]: hang });
    await expect(read()).rejects.toMatchObject({
      code: 'connector.provider_timeout',
      retryAfterSeconds: expect.any(Number),
    });
    await expect(read(second)).rejects.toMatchObject({ code: 'connector.provider_unavailable' });
    provider.script({ [TOKEN]: answer });
    pass(600);
    expect(await read(second)).toMatch(/^new/);
    expect(sent()).toEqual(['first', 'first']);
  }, 120_000);
});
