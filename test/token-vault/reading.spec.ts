import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../src/audit/audit-entry.entity.js';
import { AuditLog } from '../../src/audit/audit-log.js';
import { Secret } from '../../src/common/secret.js';
import type { TokenSetOwner } from '../../src/token-vault/token-vault.service.js';
import { databaseKinds } from '../support/databases.js';
import { json } from '../support/hostile-issuer-http.js';
import { drop, scriptedProvider } from '../support/scripted-provider.js';
import { StandingClock } from '../support/standing-clock.js';
import { genericInstance, startVault, type VaultStage } from './vault-stage.js';

const TOKEN = 'POST /token';

describe.each(databaseKinds)('a reader of the vault on %s', (kind) => {
  let count = 0;
  const answers = (more: Record<string, unknown> = {}) =>
    json({
      access_token: `new-${(count += 1)}`,
      refresh_token: `refresh-${count}`,
      token_type: 'Bearer',
      expires_in: 3600,
      ...more,
    });
  const provider = scriptedProvider({ [TOKEN]: () => answers() });
  let stage: VaultStage;
  let owner: TokenSetOwner;

  beforeAll(async () => {
    const instances = [genericInstance(provider.origin)];
    stage = await startVault({ kind, instances, clock: new StandingClock() });
  });

  afterAll(() => stage.close());

  beforeEach(async () => {
    owner = {
      userId: `user-${(count += 1)}`,
      connectorId: 'generic',
      target: 'generic',
      subject: 'somebody',
    };
    await stage.grant(owner, { accessToken: 'old', refreshToken: 'r', scope: 'a b', expiresIn: 3600 });
  });

  const read = async (options = {}) =>
    (await stage.vault.read(owner.userId, 'generic', options)).accessToken.reveal();
  const refreshes = () => provider.requestsTo(TOKEN).length;

  it('gets a token that lives as long as is asked for, and the held one where that is long enough', async () => {
    stage.clock.advance(1800);
    expect(await read({ minTtlSeconds: 1799 })).toBe('old');
    expect(await read({ minTtlSeconds: 1801 })).toMatch(/^new/);
    expect(refreshes()).toBe(1);
  });

  it('cannot make every read a refresh by asking for more than the provider grants', async () => {
    const wish = { minTtlSeconds: 1_000_000 };
    for (let times = 0; times < 5; times += 1) expect(await read(wish)).toBe('old');
    expect(refreshes()).toBe(0);
    stage.clock.advance(901);
    const renewed = await read(wish);
    expect(renewed).toMatch(/^new/);
    for (let times = 0; times < 5; times += 1) expect(await read(wish)).toBe(renewed);
    expect(refreshes()).toBe(1);
  });

  it('gets the token that still works where a longer one is not to be had', async () => {
    stage.clock.advance(1800);
    provider.script({ [TOKEN]: json({}, 503) });
    expect(await read({ minTtlSeconds: 2500 })).toBe('old');
    expect(await read({ minTtlSeconds: 2500 })).toBe('old');
    expect(refreshes()).toBe(1);
    expect((await stage.vault.list(owner.userId))[0]).toMatchObject({ status: 'degraded' });
  });

  it('gets another token in place of one that the API refuses, once, whoever complains of it', async () => {
    const refused = new Secret('old');
    const tokens = await Promise.all(Array.from({ length: 20 }, () => read({ refused })));
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toMatch(/^new/);
    expect(await read({ refused })).toBe(tokens[0]);
    expect(refreshes()).toBe(1);
  });

  it('is refused where not all of the scopes are granted, and told where the union is to be had', async () => {
    expect(await read({ scope: ['b', 'a'] })).toBe('old');
    await expect(read({ scope: ['a', 'c', 'd'] })).rejects.toMatchObject({
      code: 'vault.scope_missing',
      data: {
        target: 'generic',
        scope: 'c d',
        authorization_url: 'https://app.example/again/generic?scope=a+b+c+d',
      },
    });
    expect(refreshes()).toBe(0);
  });

  it('is refused too where the provider takes a scope back when it renews (RR-21)', async () => {
    provider.script({ [TOKEN]: () => answers({ scope: 'a' }) });
    stage.clock.advance(3600);
    await expect(read({ scope: ['a', 'b'] })).rejects.toMatchObject({ code: 'vault.scope_missing' });
    expect(await read({ scope: ['a'] })).toMatch(/^new/);
    expect(refreshes()).toBe(1);
  });

  it('gets scopes that the provider does not repeat', async () => {
    stage.clock.advance(3600);
    expect(await read({ scope: ['a', 'b'] })).toMatch(/^new/);
  });

  it('gets a token of which nobody knows the end for an hour, then another one (RR-15)', async () => {
    await stage.grant(owner, { accessToken: 'endless', refreshToken: 'r' });
    stage.clock.advance(2600);
    expect(await read()).toBe('endless');
    stage.clock.advance(1000);
    provider.script({ [TOKEN]: drop });
    expect(await read()).toBe('endless');
    provider.script({ [TOKEN]: () => answers({ expires_in: undefined }) });
    stage.clock.advance(600);
    expect(await read()).toMatch(/^new/);
    expect(refreshes()).toBe(2);
  });

  it('chooses one of several token sets of one provider by its id, and never one of somebody else', async () => {
    stage.clock.advance(1);
    const second = { ...owner, subject: 'somebody else' };
    await stage.grant(second, { accessToken: 'second', expiresIn: 3600 });
    const { id } = (await stage.vault.list(owner.userId))[1];
    expect(await read()).toBe('old');
    expect(await read({ secretId: id })).toBe('second');
    const stranger = stage.vault.read('a stranger', 'generic', { secretId: id });
    await expect(stranger).rejects.toMatchObject({ code: 'secrets.third_party_token_set.token_not_found' });
    await expect(stage.vault.read(owner.userId, 'google', { secretId: id })).rejects.toMatchObject({
      code: 'secrets.third_party_token_set.token_not_found',
    });
    for (const wrong of ['', "'", '%', 'x'.repeat(21)])
      await expect(read({ secretId: wrong })).rejects.toMatchObject({
        code: 'secrets.third_party_token_set.token_not_found',
      });
  });

  it('is in the audit log with what became of it, and no token is', async () => {
    const reader = { actorId: owner.userId, clientId: 'the-client' };
    await read({ reader });
    await stage.vault.read(owner.userId, 'elsewhere', { reader }).catch(() => undefined);
    await stage.vault.read(owner.userId, '<script>', { reader }).catch(() => undefined);
    provider.script({ [TOKEN]: json({ error: 'invalid_grant' }, 400) });
    stage.clock.advance(3600);
    await read({ reader }).catch(() => undefined);
    await stage.get(AuditLog).flush();
    const entries = await stage.dataSource
      .getRepository(AuditEntry)
      .find({ where: { userId: owner.userId }, order: { position: 'ASC' } });
    const facts = entries.map(({ event, outcome, reason, target, clientId }) =>
      [event, outcome, reason, target, clientId].join(' '),
    );
    expect(facts.toSorted()).toEqual(
      [
        'secret.stored done  generic ',
        'secret.read done  generic the-client',
        'secret.read failed secrets.third_party_token_set.token_not_found elsewhere the-client',
        'secret.read failed secrets.third_party_token_set.token_not_found  the-client',
        'secret.refreshed failed grant_invalid generic ',
        'secret.status_updated done grant_invalid generic ',
        'secret.read failed reauthorization_required generic the-client',
      ].toSorted(),
    );
    const printed = JSON.stringify(entries);
    expect([printed.includes('"old"'), printed.includes('refresh-')]).toEqual([false, false]);
  });
});
