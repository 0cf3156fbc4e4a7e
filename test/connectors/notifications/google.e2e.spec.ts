import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPair, SignJWT } from 'jose';
import { TokenSetSealer } from '../../../src/token-vault/token-set.sealer.js';
import { StoredSecret } from '../../../src/token-vault/stored-secret.entity.js';
import type { Browser } from '../../support/browser.js';
import { environments } from '../../support/backend.js';
import { NotificationStage } from './stage.js';

const REVOKED = { code: 'reauthorization_required', data: { reason: 'revoked_by_provider' } };
const DAY_SECONDS = 24 * 60 * 60;

describe.each(environments)('what Google tells on $platform and $database', (environment) => {
  let stage: NotificationStage;
  let alice: Browser;

  beforeAll(async () => {
    stage = await NotificationStage.open(environment);
  });
  afterAll(() => stage.close());
  beforeEach(async () => void (alice = await stage.signIn('google', 'alice')));

  type Event = Parameters<NotificationStage['sandbox']['securityEvent']>[0];
  const event = (options: Partial<Event> & Pick<Event, 'event'>) =>
    stage.sandbox.securityEvent({ personaId: 'alice', ...options });
  const tell = async (options: Partial<Event> & Pick<Event, 'event'>) =>
    (await stage.push(await event(options))).status;
  const state = async () => [(await stage.me(alice)).status, (await stage.read(alice, 'google')).status];

  it.each(['tokens-revoked', 'account-disabled', 'account-purged'] as const)(
    '%s ends tokens, and sessions that began with the account (WH-11)',
    async (name) => {
      const bob = await stage.signIn('google', 'bob');
      const id = await stage.idOf(alice);
      expect(await tell({ event: name })).toBe(202);
      expect(await state()).toEqual([401, 401]);
      expect((await stage.summaries(id))[0]).toMatchObject({
        status: 'revoked',
        reason: 'revoked_by_provider',
      });
      expect([(await stage.me(bob)).status, (await stage.read(bob, 'google')).status]).toEqual([200, 200]);
    },
  );

  it('sessions-revoked ends the sessions that began with the account, and no token (WH-11)', async () => {
    const id = await stage.idOf(alice);
    expect(await tell({ event: 'sessions-revoked' })).toBe(202);
    expect((await stage.me(alice)).status).toBe(401);
    expect((await stage.summaries(id))[0]).toMatchObject({ status: 'active' });
  });

  it('ends no session that began with another account of the same user (WH-11)', async () => {
    const zoe = await stage.signIn('github', 'zoe');
    await stage.link('google', 'zoe', zoe);
    const fresh = await stage.signIn('github', 'zoe');
    expect(await tell({ event: 'tokens-revoked', personaId: 'zoe' })).toBe(202);
    expect(await stage.read(fresh, 'google')).toMatchObject({ status: 409, body: REVOKED });
    expect((await stage.read(fresh, 'github')).status).toBe(200);
  });

  it.each(['prefix', 'hash_base64_sha512_sha512'] as const)(
    'token-revoked finds the row by %s without opening any (WH-14)',
    async (tokenIdentifier) => {
      const bob = await stage.signIn('google', 'bob');
      const rows = stage.backend.dataSource.getRepository(StoredSecret);
      const before = await rows.find({ order: { id: 'ASC' } });
      for (const { id } of before)
        await rows.update(id, { sealed: { keyId: 'gone', wrappedKey: '', ciphertext: '' } });
      expect(await tell({ event: 'token-revoked', tokenIdentifier })).toBe(202);
      for (const { id, sealed } of before) await rows.update(id, { sealed });
      expect(await stage.read(alice, 'google')).toMatchObject({ status: 409, body: REVOKED });
      expect((await stage.me(alice)).status).toBe(200);
      expect((await stage.read(bob, 'google')).status).toBe(200);
    },
  );

  it('token-revoked finds the row after a refresh as before (WH-14)', async () => {
    stage.sandbox.advance(3600);
    expect((await stage.read(alice, 'google')).status).toBe(200);
    expect(await tell({ event: 'token-revoked', tokenIdentifier: 'prefix' })).toBe(202);
    expect((await stage.read(alice, 'google')).status).toBe(409);
  });

  it('keeps no part of a refresh token that could be read (WH-14)', async () => {
    const [row] = await stage.backend.dataSource
      .getRepository(StoredSecret)
      .findBy({ target: 'google', hasRefreshToken: true });
    expect([row.refreshTokenPrefix, row.refreshTokenHash].map(String)).toEqual([
      expect.stringMatching(/^[\w-]{43}$/),
      expect.stringMatching(/^[\w-]{43}$/),
    ]);
    const { refreshToken } = await stage.backend.get(TokenSetSealer).open(row);
    const prefix = String(refreshToken?.reveal()).slice(0, 12);
    expect(prefix).toHaveLength(12);
    expect((await stage.backend.database.dump()).includes(prefix)).toBe(false);
  });

  it.each(['account-enabled', 'account-credential-change-required', 'verification'] as const)(
    '%s ends nothing, and is taken (WH-13)',
    async (name) => {
      expect(await tell({ event: name })).toBe(202);
      expect(await state()).toEqual([200, 200]);
      const heard = (await stage.audit()).filter((line) => line.startsWith('provider.'));
      expect(heard.at(-1)).toBe(`provider.${name.replaceAll('-', '_')}`);
    },
  );

  it('takes an event that it does not know, one of long ago, and one whose person it does not know (WH-13)', async () => {
    const now = stage.backend.clock.now();
    expect(await tell({ event: 'tokens-revoked', type: 'https://schemas.example.test/unknown' })).toBe(202);
    expect(await tell({ event: 'tokens-revoked', personaId: 'uma' })).toBe(202);
    expect(await state()).toEqual([200, 200]);
    stage.sandbox.advance(3 * DAY_SECONDS);
    expect(await tell({ event: 'tokens-revoked', issuedAt: now })).toBe(202);
    expect(await state()).toEqual([401, 401]);
  });

  it('ends no tokens that were granted after it, if it comes late (WH-13)', async () => {
    const id = await stage.idOf(alice);
    const issuedAt = stage.backend.clock.now();
    stage.sandbox.advance(3600);
    await stage.signIn('google', 'alice');
    expect(await tell({ event: 'tokens-revoked', issuedAt })).toBe(202);
    expect((await stage.summaries(id))[0]).toMatchObject({ status: 'active' });
  });

  it('gives an event its effect once, however often it comes (WH-13)', async () => {
    const token = await event({ event: 'tokens-revoked' });
    expect((await stage.push(token)).status).toBe(202);
    expect((await stage.me(alice)).status).toBe(401);
    alice = await stage.signIn('google', 'alice');
    const heard = async () => (await stage.audit()).filter((line) => line.startsWith('provider.')).length;
    const lines = await heard();
    expect(await Promise.all([1, 2, 3].map(async () => (await stage.push(token)).status))).toEqual([
      202, 202, 202,
    ]);
    expect(await state()).toEqual([200, 200]);
    expect(await heard()).toBe(lines);
  });

  it('gives an event none that may have come before anybody can remember (WH-13)', async () => {
    const issuedAt = stage.backend.clock.now() - 91 * DAY_SECONDS;
    expect(await tell({ event: 'tokens-revoked', issuedAt })).toBe(202);
    expect(await state()).toEqual([200, 200]);
  });

  it('refuses other signatures, issuers and audiences (WH-12)', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const good = await event({ event: 'tokens-revoked' });
    const [header, payload, signature] = good.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const bad = [
      await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey),
      `${header}.${payload}.${signature.slice(0, -8)}AAAAAAAA`,
      `${header}.${encode({ ...claims, jti: 'another' })}.${signature}`,
      `${encode({ alg: 'none' })}.${payload}.`,
      `${encode({ alg: 'none' })}.${payload}.AA`,
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .sign(Buffer.from(stage.sandbox.google.clientSecret)),
      await event({ event: 'tokens-revoked', issuer: 'https://accounts.example.test/' }),
      await event({ event: 'tokens-revoked', clientId: 'somebody-else' }),
      await stage.sandbox.oneTapCredential({ personaId: 'alice' }),
    ];
    for (const token of bad)
      expect(await stage.push(token)).toMatchObject({ status: 400, body: { code: 'notification.invalid' } });
    expect(await state()).toEqual([200, 200]);
    expect((await stage.push(good)).status).toBe(202);
    expect(await state()).toEqual([401, 401]);
  });

  it('refuses garbage of every kind with 4xx, and asks Google for nothing (WH-12)', async () => {
    stage.sandbox.clearRequests();
    const texts = [
      '',
      'x',
      '..',
      'a.b.c',
      '{}',
      '\0'.repeat(9),
      'eyJ'.repeat(30_000),
      `${'a'.repeat(40)}.bm90IGpzb24.c`,
    ];
    for (const text of texts) expect([400, 413]).toContain((await stage.push(text)).status);
    for (const type of [
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ])
      for (const body of ['', '{', '{}', 'a=b', 'x'.repeat(300_000)]) {
        const { status } = await stage.post('google', { headers: { 'content-type': type }, body });
        expect([type, body.slice(0, 3), status >= 400 && status < 500]).toEqual([
          type,
          body.slice(0, 3),
          true,
        ]);
      }
    expect((await stage.push('a.b.c', 'google/deauthorize')).status).toBe(404);
    expect(Object.keys(stage.sandbox.requests())).toEqual([]);
  });

  it('is told that it failed where Google’s keys cannot be had, and may say it again', async () => {
    const fresh = await NotificationStage.open(environment);
    try {
      const browser = await fresh.signIn('google', 'alice');
      const token = await fresh.sandbox.securityEvent({ event: 'tokens-revoked', personaId: 'alice' });
      fresh.sandbox.fail({
        path: '/google/.well-known/risc-configuration',
        status: 500,
        body: 'down',
        times: 1,
      });
      expect((await fresh.push(token)).status).toBe(503);
      expect((await fresh.me(browser)).status).toBe(200);
    } finally {
      await fresh.close();
    }
  });
});
