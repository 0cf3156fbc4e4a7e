import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccessTokens } from '../../src/index.js';
import { startApplication, type Application } from '../importing/application.js';
import { HostileIssuer } from '../support/hostile-issuer.js';
import { DROP, json, type Reaction } from '../support/hostile-issuer-http.js';
import { Forger } from './forger.js';
import { controllers } from './routes.js';
import { SystemTime } from './system-time.js';
import { API } from './tokens.js';

/** Longer than the pause between two looks at a key set. */
const PAUSE_SECONDS = 6;
const RENEWAL_SECONDS = 10 * 60 + 1;

let issuer: HostileIssuer;
let application: Application;
let time: SystemTime;
let forger: Forger;

const start = async (audience: string | undefined = API) => {
  application = await startApplication({ logto: { ...issuer.logto, audience }, controllers });
};

beforeEach(async () => {
  time = new SystemTime();
  issuer = await HostileIssuer.start({ path: '/oidc' });
  forger = new Forger(issuer);
});

afterEach(async () => {
  await application.close();
  await issuer.close();
  time.restore();
});

const ask = async (token: string, path = 'token/plain') => {
  const response = await fetch(`${application.url}/${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { code } = (await response.json()) as { code?: string };
  return code === undefined ? `${response.status}` : `${response.status} ${code}`;
};

const looks = () => issuer.requestsTo('jwks').length;
const unknownKey = (kid: number | string) => forger.token({ header: { kid: `unknown-${kid}` } });
const INVALID = '401 auth.access_token_invalid';

describe('keys of Logto', () => {
  beforeEach(() => start());

  it('are read once for many tokens', async () => {
    for (let index = 0; index < 20; index += 1)
      expect(await ask(await forger.token({ claims: { sub: `person-${index}` } }))).toBe('200');
    expect(looks()).toBe(1);
  });

  it('may change at any time: a token under a new one is accepted at once, without a restart', async () => {
    expect(await ask(await forger.token())).toBe('200');
    time.advance(PAUSE_SECONDS);
    await issuer.changeKey('ES384');
    expect(await ask(await new Forger(issuer, 'ES384', 'change 1').token())).toBe('200');
    expect(looks()).toBe(2);
  });

  it('may change to another algorithm', async () => {
    expect(await ask(await forger.token())).toBe('200');
    time.advance(PAUSE_SECONDS);
    await issuer.changeKey('RS256');
    expect(await ask(await new Forger(issuer, 'RS256', 'change 1').token())).toBe('200');
  });

  it('are not asked for again and again by tokens that name unknown ones', async () => {
    expect(await ask(await forger.token())).toBe('200');
    const storm = async () => {
      const answers = Array.from({ length: 200 }, async (_, index) => ask(await unknownKey(index)));
      expect(new Set(await Promise.all(answers))).toEqual(new Set([INVALID]));
    };
    await storm();
    expect(looks()).toBe(1);
    time.advance(PAUSE_SECONDS);
    await storm();
    expect(looks()).toBe(2);
    expect(await ask(await forger.token({ claims: { sub: 'another-person' } }))).toBe('200');
  });

  it('are asked for once by many strangers, while Logto is away, and no guess is let through (SE-19)', async () => {
    issuer.bend({ answers: { jwks: (): Reaction => json({}, 500) } });
    const answers = Array.from({ length: 200 }, async (_, index) => ask(await unknownKey(index)));
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['503 connector.provider_unavailable']));
    expect(looks()).toBe(1);
  });

  it('that are gone make a remembered token a stranger, once the set has been read again', async () => {
    const token = await forger.token();
    expect(await ask(token)).toBe('200');
    await issuer.changeKey('ES384');
    expect(await ask(token)).toBe('200');
    time.advance(PAUSE_SECONDS);
    expect(await ask(await new Forger(issuer, 'ES384', 'change 1').token())).toBe('200');
    expect(await ask(token)).toBe(INVALID);
    expect(await ask(token)).toBe(INVALID);
  });

  it('are read anew after ten minutes, of itself', async () => {
    const token = await forger.token();
    expect(await ask(token)).toBe('200');
    await issuer.changeKey('ES384');
    time.advance(RENEWAL_SECONDS);
    expect(await ask(token)).toBe('200');
    await untilRefused(token);
    expect(looks()).toBe(2);
  });

  it('that stay in the set stay good, and so do the tokens that are remembered', async () => {
    const token = await forger.token();
    expect(await ask(token)).toBe('200');
    const { jwk } = await forger.key();
    await issuer.changeKey('ES384');
    issuer.bend({ keys: (keys) => [...keys, jwk] });
    time.advance(PAUSE_SECONDS);
    expect(await ask(await new Forger(issuer, 'ES384', 'change 1').token())).toBe('200');
    expect(await ask(token)).toBe('200');
  });

  it.each([
    ['is away', (): Reaction => DROP],
    ['has a problem', (): Reaction => json({}, 503)],
    ['answers with garbage', (): Reaction => ({ ...json({}), body: '<html>' })],
    ['answers with no keys', (): Reaction => json({})],
  ] as const)('that are known are good while Logto %s, also after ten minutes', async (_, answer) => {
    const [token, cold] = [await forger.token(), await forger.token({ claims: { sub: 'another-person' } })];
    expect(await ask(token)).toBe('200');
    issuer.bend({ answers: { jwks: answer, discovery: answer } });
    expect(await ask(token)).toBe('200');
    time.advance(RENEWAL_SECONDS);
    expect(await ask(token)).toBe('200');
    expect(await ask(cold)).toBe('200');
    expect(await ask(token)).toBe('200');
    const refused = await ask(await unknownKey('one'));
    expect(refused).toMatch(/^(503 connector\.provider_unavailable|401 auth\.access_token_invalid)$/);
  });
});

/** Reading anew goes on beside the requests, so a few more may be let in while the answer is on its way. */
async function untilRefused(token: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) if ((await ask(token)) === INVALID) return;
  throw new Error('a token under a key that is gone was let in for good');
}

describe('a guard that cannot judge lets nobody through (SE-19)', () => {
  const everywhere = async (token: string) => {
    const paths = ['plain', 'optional', 'documents', 'organization', 'support'];
    const answers = await Promise.all(
      ['token', 'either'].flatMap((door) => paths.map((path) => ask(token, `${door}/${path}`))),
    );
    return [...new Set(answers)];
  };

  it.each([
    ['is down', (): Reaction => json({}, 500), '503 connector.provider_unavailable'],
    ['hangs up', (): Reaction => DROP, '503 connector.provider_unavailable'],
    [
      'answers with garbage',
      (): Reaction => ({ ...json({}), body: 'garbage' }),
      '503 connector.provider_unavailable',
    ],
    [
      'answers with something else',
      (): Reaction => json({ error: 'no' }),
      '503 connector.provider_unavailable',
    ],
    ['answers with no keys', (): Reaction => json({ keys: [] }), INVALID],
    [
      'answers with a key that is none',
      (): Reaction => json({ keys: [{ kty: 'EC', kid: 'es384-first' }] }),
      INVALID,
    ],
    [
      'answers with a symmetric key',
      (): Reaction => json({ keys: [{ kty: 'oct', kid: 'es384-first', k: 'AAAA', alg: 'HS256' }] }),
      INVALID,
    ],
    [
      'sends us elsewhere',
      () => ({ status: 302, headers: { location: '/oidc/jwks2' }, body: '' }),
      '503 connector.provider_unavailable',
    ],
  ] as const)('where the address of the keys %s', async (_, answer, expected) => {
    await start();
    issuer.bend({ answers: { jwks: answer } });
    expect(await everywhere(await forger.token())).toEqual([expected]);
    issuer.behave();
    time.advance(PAUSE_SECONDS);
    expect(await ask(await forger.token())).toBe('200');
  });

  it.each([
    ['is down', (): Reaction => json({}, 500), /^503 connector\.provider_unavailable$/],
    ['hangs up', (): Reaction => DROP, /^503 connector\.provider_unavailable$/],
    [
      'answers with garbage',
      (): Reaction => ({ ...json({}), body: 'garbage' }),
      /^502 connector\.invalid_response$/,
    ],
    [
      'names another issuer',
      (): Reaction => json({ issuer: 'https://evil.test' }),
      /^503 connector\.misconfigured$/,
    ],
  ] as const)('where Logto’s metadata %s', async (_, answer, expected) => {
    await start();
    issuer.bend({ answers: { discovery: answer } });
    const [seen, ...others] = await everywhere(await forger.token());
    expect(others).toEqual([]);
    expect(seen).toMatch(expected);
    issuer.behave();
    expect(await ask(await forger.token())).toBe('200');
  });

  it('where no audience is configured', async () => {
    application = await startApplication({ logto: issuer.logto, controllers });
    expect(await everywhere(await forger.token())).toEqual([INVALID]);
    expect(await ask(await forger.token({ claims: { aud: issuer.client.id } }))).toBe(INVALID);
  });

  it('where the list of audiences is empty', async () => {
    application = await startApplication({ logto: { ...issuer.logto, audience: [] }, controllers });
    expect(await everywhere(await forger.token())).toEqual([INVALID]);
  });
});

describe('a token that is known', () => {
  /** How often a signature is checked, by what every check of the package `jose` comes down to. */
  const countingChecks = () => jest.spyOn(crypto.subtle, 'verify');

  beforeEach(() => start());

  it('is checked once, however often it comes', async () => {
    const checks = countingChecks();
    const token = await forger.token();
    const tokens = application.get(AccessTokens);
    for (let index = 0; index < 2000; index += 1) {
      const response = await fetch(`${application.url}/token/plain`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await response.text();
      if (response.status !== 200) throw new Error(`request ${index} was refused`);
    }
    for (let index = 0; index < 8000; index += 1) await tokens.recognise(token);
    const count = checks.mock.calls.length;
    checks.mockRestore();
    expect(count).toBe(1);
  }, 120_000);

  it('is checked once, when it comes for the first time two hundred times at once', async () => {
    const checks = countingChecks();
    const token = await forger.token();
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(token)));
    const count = checks.mock.calls.length;
    checks.mockRestore();
    expect([new Set(answers), count, looks()]).toEqual([new Set(['200']), 1, 1]);
  });

  it('is checked again when it comes with another signature', async () => {
    const checks = countingChecks();
    const [one, other] = [await forger.token(), await forger.token()];
    expect(one).not.toBe(other);
    expect([await ask(one), await ask(other)]).toEqual(['200', '200']);
    const count = checks.mock.calls.length;
    checks.mockRestore();
    expect(count).toBe(2);
  });

  it('is no longer known after an hour', async () => {
    const end = Math.floor(Date.now() / 1000) + 24 * 3600;
    const token = await forger.token({ claims: { exp: end } });
    const checks = countingChecks();
    expect(await ask(token)).toBe('200');
    application.clock.advance(3599);
    expect(await ask(token)).toBe('200');
    expect(checks.mock.calls).toHaveLength(1);
    application.clock.advance(2);
    expect(await ask(token)).toBe('200');
    const count = checks.mock.calls.length;
    checks.mockRestore();
    expect(count).toBe(2);
  });

  it.each([
    ['of a person', {}],
    ['of a program', { sub: 'a-client' }],
  ])('%s is a stranger at its end, to the second', async (_, claims) => {
    const end = Math.floor(Date.now() / 1000) + 600;
    const token = await forger.token({ claims: { ...claims, exp: end } });
    expect(await ask(token)).toBe('200');
    time.advance(end + 15 - Math.floor(Date.now() / 1000) - 2);
    expect(await ask(token)).toBe('200');
    time.advance(3);
    expect(await ask(token)).toBe(INVALID);
  });

  it('that is bad is not remembered as good', async () => {
    const token = await unknownKey('later');
    expect([await ask(token), await ask(token)]).toEqual([INVALID, INVALID]);
  });
});
