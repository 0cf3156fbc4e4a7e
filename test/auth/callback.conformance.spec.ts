import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuthorizationTransactions } from '../../src/auth/sign-in/authorization-transactions.js';
import { platforms } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { STATE_INVALID } from './conformance-case.js';
import { doors, GOOGLE, LOGTO, Stage, type Door } from './stage.js';

const markup = '<script>alert(1)</script>';

describe.each(platforms)('the callback on %s', (platform) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open(platform);
  });

  afterAll(() => stage.close());

  /** The callback that a new sign-in ends in, not opened yet. */
  async function pending(door: Door, browser: Browser): Promise<URL> {
    return new URL(await stage.pending(door, browser));
  }

  const tokenRequests = () => doors.map((door) => stage.issuer(door).requestsTo('token').length);

  describe.each(doors)('at $name', (door) => {
    it('is good once, and asks for tokens once (CB-03)', async () => {
      const { browser, callback } = await stage.accepts(door);
      const asked = tokenRequests();
      expect((await stage.arrive(String(callback), browser)).verdict).toBe(STATE_INVALID);
      expect(tokenRequests()).toEqual(asked);
    });

    it('is good once when it is opened ten times at once (CB-03)', async () => {
      const browser = new Browser();
      const callback = (await pending(door, browser)).href;
      const asked = stage.issuer(door).requestsTo('token').length;
      const attempts = await Promise.all(Array.from({ length: 10 }, () => stage.arrive(callback, browser)));
      const refused = attempts.filter(({ verdict }) => verdict === STATE_INVALID);
      expect(attempts.filter(({ verdict }) => verdict === 'accepted')).toHaveLength(1);
      expect(refused).toHaveLength(9);
      expect(stage.issuer(door).requestsTo('token')).toHaveLength(asked + 1);
    });

    it.each([
      ['one that we do not know', () => Promise.resolve(new Browser())],
      [
        'one that has started another sign-in',
        async () => {
          const victim = new Browser();
          await stage.pending(door, victim);
          return victim;
        },
      ],
    ])('is refused in another browser: %s (CB-05)', async (_, victimOf) => {
      const callback = await pending(door, new Browser());
      const victim = await victimOf();
      const asked = tokenRequests();
      const { verdict } = await stage.refuses(door, () => stage.arrive(callback.href, victim));
      expect(verdict).toBe(STATE_INVALID);
      expect(tokenRequests()[doors.indexOf(door)]).toBe((asked[doors.indexOf(door)] ?? 0) + 1);
    });

    it('repeats nothing that it is told without a transaction (CB-16)', async () => {
      const query = new URLSearchParams({
        error: 'server_error',
        error_description: markup,
        error_uri: markup,
      });
      const page = await new Browser().open(`${stage.backend.url}${door.callback}?${query.toString()}`);
      expect(page.status).toBe(400);
      expect(page.html).toContain('auth.state_invalid');
      expect(page.html).not.toContain('alert(1)');
      expect(stage.backend.logs.join('\n')).not.toContain('alert(1)');
    });

    it("repeats nothing of a provider's error to the person or the log (CB-16)", async () => {
      const browser = new Browser();
      stage.issuer(door).bend({
        callback: (parameters) => {
          parameters.delete('code');
          parameters.set('error', markup);
          parameters.set('error_description', markup);
        },
      });
      const page = await browser.open((await pending(door, browser)).href);
      stage.issuer(door).behave();
      expect(page.status).toBe(400);
      expect(page.html).toContain('auth.callback_invalid');
      expect(page.html).not.toContain('alert(1)');
      expect(stage.backend.logs.join('\n')).not.toContain('alert(1)');
    });

    it('takes no form post, from wherever it comes (CB-22)', async () => {
      const browser = new Browser();
      const callback = await pending(door, browser);
      const asked = tokenRequests();
      for (const origin of [stage.backend.url, 'https://evil.example', 'null']) {
        const { status } = await browser.json(stage.backend.url + door.callback, {
          method: 'POST',
          body: callback.searchParams,
          headers: { origin },
        });
        expect([400, 403, 404, 405]).toContain(status);
      }
      expect(tokenRequests()).toEqual(asked);
      expect(await stage.isSignedIn(browser)).toBe(false);
    });

    it('leads on by 303 to an address without code or state, kept by nobody (CB-26)', async () => {
      const { answer } = await stage.accepts(door);
      expect(answer.status).toBe(303);
      expect(answer.headers.get('location')).toBe('/');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    });

    it('sends the access token in the header alone (UI-03)', async () => {
      await stage.accepts(door);
      const requests = stage.issuer(door).requests.slice(-3);
      for (const { query, form, headers, endpoint } of requests) {
        const visible = `${query.toString()} ${form.toString()}`;
        const secrets = stage.issuer(door).secrets.filter((secret) => visible.includes(secret));
        expect(secrets.length).toBe(endpoint === 'token' ? 1 : 0);
        if (endpoint === 'userinfo') expect(headers.authorization).toMatch(/^Bearer /);
      }
      expect(requests.some(({ endpoint }) => endpoint === 'userinfo')).toBe(door === LOGTO);
    });

    it('is refused after eleven minutes (CB-07)', async () => {
      const browser = new Browser();
      const callback = await pending(door, browser);
      stage.backend.clock.advance(11 * 60);
      const { verdict } = await stage.refuses(door, () => stage.arrive(callback.href, browser));
      expect(verdict).toBe('400 auth.transaction_expired');
    });
  });

  it('forgets what nobody came back for, however much it is', async () => {
    const before = await stage.count('transactions');
    const visitors = Array.from({ length: 150 }, () => stage.pending(LOGTO, new Browser()));
    await Promise.all(visitors);
    expect(await stage.count('transactions')).toBeGreaterThanOrEqual(150);
    stage.backend.clock.advance(2 * 60 * 60);
    await stage.pending(LOGTO, new Browser());
    expect(await stage.count('transactions')).toBeLessThanOrEqual(before + 1);
  });

  it('ends a transaction for one of ten that ask in the same moment (CB-03)', async () => {
    const transactions = stage.backend.get(AuthorizationTransactions);
    const round = {
      browser: 'b'.repeat(43),
      connectorId: 'logto',
      redirectUri: 'http://localhost/',
      returnTo: '/',
    };
    const url = await transactions.begin({ ...round, purpose: 'sign-in' }, async (request) => {
      return new URL(`http://localhost/?state=${request.state}`);
    });
    const state = String(url.searchParams.get('state'));
    const end = () => transactions.end(new URLSearchParams({ state }), round.connectorId, round.browser);
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, end));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    { from: LOGTO, to: GOOGLE },
    { from: GOOGLE, to: LOGTO },
  ])("refuses $from.name's state at $to.name's callback (CB-09)", async ({ from, to }) => {
    const browser = new Browser();
    const callback = await pending(from, browser);
    const moved = stage.backend.url + to.callback + callback.search;
    const asked = stage.issuer(from).requestsTo('token').length;
    const { verdict, tokenRequests: exchanged } = await stage.refuses(to, () => stage.arrive(moved, browser));
    expect({ verdict, exchanged }).toEqual({ verdict: STATE_INVALID, exchanged: 0 });
    expect((await stage.arrive(callback.href, browser)).verdict).toBe(STATE_INVALID);
    expect(stage.issuer(from).requestsTo('token')).toHaveLength(asked);
  });

  it("refuses Logto's code under Google's state (CB-09)", async () => {
    const browser = new Browser();
    const [logto, google] = [await pending(LOGTO, browser), await pending(GOOGLE, browser)];
    google.searchParams.set('code', logto.searchParams.get('code') ?? '');
    const { verdict } = await stage.refuses(GOOGLE, () => stage.arrive(google.href, browser));
    expect(verdict).toBe('400 connector.social_auth_code_invalid');
  });

  it("refuses one browser's code under another's state (CB-05)", async () => {
    const [attacker, victim] = [new Browser(), new Browser()];
    const [stolen, own] = [await pending(LOGTO, attacker), await pending(LOGTO, victim)];
    own.searchParams.set('code', stolen.searchParams.get('code') ?? '');
    const { verdict } = await stage.refuses(LOGTO, () => stage.arrive(own.href, victim));
    expect(verdict).toBe('400 connector.social_auth_code_invalid');
  });
});
