import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { ACCEPTED, ID_TOKEN_REFUSED, secondsFromNow } from './conformance-case.js';
import { LOGTO, Stage } from './stage.js';
import { Verdicts } from './verdicts.js';

const MINUTE = 60;
const verdicts = new Verdicts();

afterAll(() => verdicts.print());

interface AssuranceCase {
  readonly guarantee: string;
  readonly claims: () => JWTPayload;
  readonly expected: string;
}

const accepts = (guarantee: string, claims: AssuranceCase['claims']): AssuranceCase => ({
  guarantee: `accepts ${guarantee}`,
  claims,
  expected: ACCEPTED,
});

const refuses = (guarantee: string, claims: AssuranceCase['claims']): AssuranceCase => ({
  guarantee: `refuses ${guarantee}`,
  claims,
  expected: ID_TOKEN_REFUSED,
});

/** OpenID Connect Core 3.1.2.1 (`max_age`) and 3.1.3.7 (12, 13). */
const demands = [
  {
    id: 'ID-34',
    demand: 'a sign-in of the last five minutes',
    logto: { maxAgeSeconds: 5 * MINUTE },
    asked: { max_age: '300', acr_values: null },
    cases: [
      accepts('a person who has just signed in', () => ({ auth_time: secondsFromNow(0) })),
      accepts('a person who signed in four minutes ago', () => ({ auth_time: secondsFromNow(-4 * MINUTE) })),
      refuses('a person who signed in six minutes ago', () => ({ auth_time: secondsFromNow(-6 * MINUTE) })),
      refuses('a person who signed in a year ago', () => ({
        auth_time: secondsFromNow(-365 * 24 * 60 * MINUTE),
      })),
      refuses('an ID token that is silent about it', () => ({})),
      refuses('a time that is text', () => ({ auth_time: String(secondsFromNow(0)) })),
      refuses('a time that is null', () => ({ auth_time: null })),
      refuses('a time before there was any', () => ({ auth_time: -1 })),
    ],
  },
  {
    id: 'ID-36',
    demand: 'one of two classes of authentication',
    logto: { acrValues: ['urn:example:mfa', 'urn:example:passkey'] },
    asked: { max_age: null, acr_values: 'urn:example:mfa urn:example:passkey' },
    cases: [
      accepts('the first class', () => ({ acr: 'urn:example:mfa' })),
      accepts('the second class', () => ({ acr: 'urn:example:passkey' })),
      refuses('a lower class', () => ({ acr: 'urn:example:password' })),
      refuses('a class with a suffix', () => ({ acr: 'urn:example:mfax' })),
      refuses('both classes at once', () => ({ acr: 'urn:example:mfa urn:example:passkey' })),
      refuses('a list of classes', () => ({ acr: ['urn:example:mfa'] })),
      refuses('no class', () => ({})),
      refuses('an empty class', () => ({ acr: '' })),
      refuses('methods in the place of a class', () => ({ amr: ['urn:example:mfa', 'mfa'] })),
    ],
  },
];

describe.each(platforms)('an application on %s', (platform) => {
  describe.each(demands)('that demands $demand', ({ id, logto, asked, cases }) => {
    let stage: Stage;

    beforeAll(async () => {
      stage = await Stage.open(platform, 'ES384', { logto });
    });

    afterAll(() => stage.close());

    it(`says so to Logto (${id})`, async () => {
      const { headers } = await new Browser().request(stage.backend.url + LOGTO.start);
      const { searchParams } = new URL(headers.get('location') ?? '');
      const [max_age, acr_values] = ['max_age', 'acr_values'].map((name) => searchParams.get(name));
      expect({ max_age, acr_values }).toEqual(asked);
    });

    it.each(cases)(`$guarantee (${id})`, async ({ guarantee, claims, expected }) => {
      const good = cases[0]?.claims;
      const bent = (said = claims) => ({ claims: (token: JWTPayload) => void Object.assign(token, said()) });
      const { verdict, browser } = await stage.attemptBent(LOGTO, bent());
      verdicts.add(`${id} ${guarantee}`, platform, expected, verdict);
      expect(verdict).toBe(expected);
      expect(await stage.isSignedIn(browser)).toBe(expected === ACCEPTED);
      await stage.accepts(LOGTO, bent(good));
    });
  });

  it('that demands nothing asks for neither, and takes whatever it is told (ID-34, ID-36)', async () => {
    const stage = await Stage.open(platform);
    try {
      const { headers } = await new Browser().request(stage.backend.url + LOGTO.start);
      const { searchParams } = new URL(headers.get('location') ?? '');
      expect([searchParams.has('max_age'), searchParams.has('acr_values')]).toEqual([false, false]);
      const claims = (token: JWTPayload) => void Object.assign(token, { auth_time: 1, acr: '0' });
      await stage.accepts(LOGTO, { claims });
    } finally {
      await stage.close();
    }
  });
});
