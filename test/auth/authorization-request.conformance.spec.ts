import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { get } from 'node:http';
import { randomState } from '../../src/common/random.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { doors, GOOGLE, LOGTO, Stage, type Door } from './stage.js';

/** Bits that an observer of all values cannot predict, if every position is independent of the others. */
function observedBits(values: readonly string[]): number {
  const positions = Array.from(values[0], (_, at) => new Set(values.map((value) => value[at])).size);
  return positions.map(Math.log2).reduce((sum, bits) => sum + bits, 0);
}

function expectUnguessable(states: readonly string[]): void {
  expect(new Set(states).size).toBe(states.length);
  expect(states.filter((state) => !/^[0-9a-zA-Z]{1,128}$/.test(state))).toEqual([]);
  expect(observedBits(states)).toBeGreaterThanOrEqual(128);
}

const sha256 = (value: string) => createHash('sha256').update(value);

it('makes ten thousand states, all different and unguessable (AR-01)', () => {
  expectUnguessable(Array.from({ length: 10_000 }, randomState));
});

describe.each(platforms)('the authorization request on %s', (platform) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open(platform);
  });

  afterAll(() => stage.close());

  async function start(door: Door, browser = new Browser(), query = ''): Promise<URL> {
    const { headers } = await browser.request(stage.backend.url + door.start + query);
    return new URL(headers.get('location') ?? 'missing:');
  }

  /** A whole sign-in: where the browser was sent, and what the token endpoint was asked. */
  async function signIn(door: Door) {
    await stage.accepts(door);
    const issuer = stage.issuer(door);
    const { query } = issuer.requestsTo('authorization').at(-1) ?? { query: new URLSearchParams() };
    const { form } = issuer.requestsTo('token').at(-1) ?? { form: new URLSearchParams() };
    const [state, nonce, challenge] = ['state', 'nonce', 'code_challenge'].map(
      (name) => query.get(name) ?? '',
    );
    return { query, state, nonce, challenge, verifier: form.get('code_verifier') ?? '' };
  }

  it('has an unguessable state of its own at each of 500 starts (AR-01)', async () => {
    const states: string[] = [];
    for (let count = 0; count < 500; count += 1) {
      states.push((await start(doors[count % 2])).searchParams.get('state') ?? '');
    }
    expectUnguessable(states);
  }, 120_000);

  describe.each(doors)('at $name', (door) => {
    it('carries the S256 challenge of a fresh verifier that shows nowhere else (AR-02)', async () => {
      const [first, second] = [await signIn(door), await signIn(door)];
      for (const { query, challenge, verifier } of [first, second]) {
        expect(query.get('code_challenge_method')).toBe('S256');
        expect(verifier).toMatch(/^[\w.~-]{43,128}$/);
        expect(challenge).toBe(sha256(verifier).digest('base64url'));
        expect(query.toString()).not.toContain(verifier);
        expect(stage.backend.logs.join('\n')).not.toContain(verifier);
      }
      expect(first.verifier).not.toBe(second.verifier);
    });

    it('carries no verifier in a cookie (AR-02)', async () => {
      const browser = new Browser();
      const response = await browser.request(stage.backend.url + door.start);
      const callback = (await browser.request(response.headers.get('location') ?? '')).headers.get(
        'location',
      );
      await browser.request(callback ?? '');
      const verifier = stage.issuer(door).requestsTo('token').at(-1)?.form.get('code_verifier') ?? '';
      expect(verifier).not.toBe('');
      expect(response.headers.getSetCookie().join()).not.toContain(verifier);
    });

    it('has a nonce, a state and a verifier that say nothing of each other (AR-03)', async () => {
      const { state, nonce, challenge, verifier } = await signIn(door);
      expect((await signIn(door)).nonce).not.toBe(nonce);
      expect(nonce).toMatch(/^[\w-]{43}$/);
      const values = [state, nonce, verifier];
      const digests = values.flatMap((value) => [
        sha256(value).digest('hex'),
        sha256(value).digest('base64url'),
      ]);
      const all = [...values, ...digests];
      expect(new Set(all).size).toBe(all.length);
      expect(digests).not.toContain(state);
      expect(challenge).not.toBe(nonce);
    });

    it('leads back to the configured address whatever host the request names (AR-04)', async () => {
      const evil = 'evil.example';
      const headers = {
        host: evil,
        'x-forwarded-host': evil,
        'x-forwarded-proto': 'https',
        forwarded: `host=${evil}`,
      };
      const location = await new Promise<string | undefined>((resolve, reject) =>
        get(stage.backend.url + door.start, { headers, agent: false }, (response) => {
          response.resume();
          resolve(response.headers.location);
        }).on('error', reject),
      );
      expect(location).not.toContain(evil);
      expect(new URL(location ?? '').searchParams.get('redirect_uri')).toBe(
        stage.backend.url + door.callback,
      );
    });

    it('takes nothing over from the query of the start (AR-06)', async () => {
      const changes = new URLSearchParams({
        client_id: 'evil',
        redirect_uri: 'https://evil.example',
        scope: 'admin',
        response_type: 'token',
        response_mode: 'fragment',
        claims: '{}',
        login_hint: 'victim@example.test',
        prompt: 'none',
      });
      const [plain, changed] = [
        await start(door),
        await start(door, new Browser(), `?${changes.toString()}`),
      ];
      for (const { searchParams } of [plain, changed])
        for (const name of ['state', 'nonce', 'code_challenge']) searchParams.delete(name);
      expect(changed.href).toBe(plain.href);
    });

    it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '/\tevil'])(
      'refuses to return to %j, and starts nothing (AR-08)',
      async (address) => {
        const transactions = await stage.count('transactions');
        const url = `${stage.backend.url}${door.start}?${new URLSearchParams({ return_to: address }).toString()}`;
        const { status, body } = await new Browser().json(url);
        expect([status, body['code']]).toEqual([400, 'auth.return_to_invalid']);
        expect(await stage.count('transactions')).toBe(transactions);
      },
    );

    it('keeps ten pending sign-ins of a browser, for ten minutes at most (AR-13)', async () => {
      const transactions = await stage.count('transactions');
      const browser = new Browser();
      for (let count = 0; count < 200; count += 1) await start(door, browser);
      expect((await stage.count('transactions')) - transactions).toBe(10);
      const [{ lifetime }] = await stage.backend.dataSource.query<[{ lifetime: number }]>(
        'SELECT max(expires_at - started_at) AS lifetime FROM latchkey_transactions',
      );
      expect(lifetime).toBeLessThanOrEqual(600);
    }, 120_000);

    it('lets two tabs of a browser finish one after the other (AR-14)', async () => {
      const browser = new Browser();
      const [a, b] = [await stage.pending(door, browser), await stage.pending(door, browser)];
      expect((await stage.arrive(a, browser)).verdict).toBe('accepted');
      expect((await stage.arrive(b, browser)).verdict).toBe('accepted');
      expect(await stage.isSignedIn(browser)).toBe(true);
    });
  });

  it.each([
    ['a link of another page', 'GET', {}],
    ['a form of another page', 'POST', { origin: 'https://evil.example' }],
    ['a form without proof that it is ours', 'POST', { origin: 'own' }],
  ])(
    'does not start linking an account by %s (AR-12)',
    async (_, method, { origin }: { origin?: string }) => {
      const { browser } = await stage.accepts(LOGTO);
      const transactions = await stage.count('transactions');
      const headers: Record<string, string> = origin
        ? { origin: origin === 'own' ? stage.backend.url : origin }
        : { 'sec-fetch-site': 'cross-site' };
      const { status, headers: answered } = await browser.json(`${stage.backend.url}${GOOGLE.start}/link`, {
        method,
        headers,
      });
      expect(status).toBeGreaterThanOrEqual(403);
      expect(status).toBeLessThanOrEqual(405);
      expect(answered.get('location')).toBeNull();
      expect(await stage.count('transactions')).toBe(transactions);
    },
  );
});
