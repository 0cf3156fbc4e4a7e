import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LogtoSession } from '../../src/auth/logto/logto-session.entity.js';
import { LogtoSessions } from '../../src/auth/logto/logto-sessions.js';
import type { Secret } from '../../src/common/secret.js';
import type { Browser } from '../support/browser.js';
import { databaseKinds } from '../support/databases.js';
import { AURORA, EVERY_SCOPE, HARBOUR, holdRefresh, HOUR_SECONDS, Stage, times, until } from './stage.js';

const APIS = times(5, (index) => `https://api-${index}.example.test/`);
const SLOWNESS = [
  ['', 0],
  ['slow ', 60],
] as const;
const ROUNDS = 3;
const LONG_MILLISECONDS = 600_000;

type Purpose = readonly [resource?: string, organizationId?: string];

describe.each(databaseKinds)('access tokens of one session at two instances on %s', (database) => {
  let stage: Stage;
  let browser: Browser;

  beforeAll(async () => {
    stage = await Stage.start({
      database,
      instances: 2,
      logto: { scopes: EVERY_SCOPE, resources: APIS },
      sandbox: { rotateRefreshTokens: 'always' },
    });
    for (const instance of stage.instances) countRefusals(instance.get(LogtoSessions));
  });
  afterAll(() => stage.close());

  /** How often somebody has tried to get a lease in vain. */
  let refused = 0;
  const countRefusals = (sessions: LogtoSessions) => {
    const claim = sessions.claim.bind(sessions);
    sessions.claim = async (...parameters) => {
      const claimed = await claim(...parameters);
      if (!claimed) refused += 1;
      return claimed;
    };
  };

  beforeEach(async () => {
    refused = 0;
    await stage.clear();
    browser = await stage.signedIn();
    stage.sandbox.clearRequests();
  });

  /** Logto would have ended the grant for a refresh token that came twice. */
  afterEach(async () => {
    await leaseEnds();
    stage.sandbox.clearFaults();
    stage.sandbox.advance(HOUR_SECONDS);
    const before = stage.refreshes();
    expect(String((await ask()).reveal()).length).toBeGreaterThan(20);
    expect(stage.refreshes()).toBe(before + 1);
    expect([stage.sandbox.reusedRefreshTokens(), stage.sandbox.concurrentRefreshes()]).toEqual([0, 1]);
  });

  const ask = ([resource, organizationId]: Purpose = [], index = 0): Promise<Secret> => {
    const instance = stage.instances[index % 2];
    return instance.clientOf(browser).getAccessToken(resource, organizationId);
  };
  const askAll = async (purposes: readonly Purpose[], each: number): Promise<string[]> => {
    const asked = times(each, (index) => purposes.map((purpose) => ask(purpose, index))).flat();
    return (await Promise.all(asked)).map((token) => token.reveal());
  };
  const slowDown = (delayMilliseconds: number) => {
    if (delayMilliseconds > 0) stage.sandbox.fail({ path: '/oidc/token', delayMilliseconds });
  };

  it.each(SLOWNESS)('cost one request to a %sLogto, whoever asks for the same one', async (_, slowness) => {
    const seen = new Set<string>();
    slowDown(slowness);
    for (let round = 1; round <= ROUNDS; round += 1) {
      stage.sandbox.advance(HOUR_SECONDS);
      const tokens = await askAll([[APIS[0]]], 50);
      expect(tokens).toHaveLength(50);
      expect(new Set(tokens).size).toBe(1);
      seen.add(tokens[0]);
      expect(stage.refreshes()).toBe(round);
    }
    expect(seen.size).toBe(ROUNDS);
  });

  it.each(SLOWNESS)('for five APIs cost a %sLogto one request each, one at a time', async (_, slowness) => {
    slowDown(slowness);
    for (let round = 1; round <= ROUNDS; round += 1) {
      stage.sandbox.advance(HOUR_SECONDS);
      const tokens = await askAll(
        APIS.map((api) => [api]),
        10,
      );
      expect(new Set(tokens).size).toBe(5);
      expect(stage.refreshes()).toBe(5 * round);
    }
  });

  it('of every kind at once cost one request each', async () => {
    const purposes: Purpose[] = [
      [],
      [undefined, AURORA],
      [undefined, HARBOUR],
      [APIS[0]],
      [APIS[1]],
      [APIS[0], AURORA],
    ];
    for (let round = 1; round <= ROUNDS; round += 1) {
      stage.sandbox.advance(HOUR_SECONDS);
      const tokens = await askAll(purposes, 8);
      expect(new Set(tokens).size).toBe(purposes.length);
      expect(stage.refreshes()).toBe(purposes.length * round);
    }
  });

  it('are handed out anew while others forget them', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    const clears = times(6, (index) => stage.instances[index % 2].clientOf(browser).clearAccessToken());
    const [tokens] = await Promise.all([
      askAll(
        APIS.map((api) => [api]),
        4,
      ),
      ...clears,
    ]);
    expect(new Set(tokens).size).toBeGreaterThanOrEqual(APIS.length);
  });

  it('raise the version of the row by one each', async () => {
    const { row: before } = await stage.held();
    stage.sandbox.advance(HOUR_SECONDS);
    await askAll([[APIS[0]], [APIS[1]]], 10);
    expect((await stage.held()).row.version).toBe(before.version + 2);
  });

  it('leave no lease behind', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    await askAll([[APIS[0]], []], 4);
    expect((await stage.held()).row).toMatchObject({ leaseOwner: null, leaseUntil: null });
  });

  const leaseTo = (leaseOwner: string) =>
    stage.rows.updateAll({ leaseOwner, leaseUntil: Date.now() + LONG_MILLISECONDS });
  const leaseEnds = () => stage.rows.updateAll({ leaseUntil: Date.now() });

  it('that are still good wait for nobody', async () => {
    const [opaque, api] = await askAll([[], [APIS[0]]], 1);
    await leaseTo('somebody who is slow');
    expect(await askAll([[], [APIS[0]]], 2)).toEqual([opaque, api, opaque, api]);
    expect([stage.refreshes(), refused]).toEqual([1, 0]);
  });

  it('are waited for while an instance holds the lease that has died, and no longer', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    await leaseTo('somebody who has died');
    const waiting = askAll([[APIS[0]]], 6);
    await until(() => refused > 3);
    expect(stage.refreshes()).toBe(0);
    await leaseEnds();
    expect(new Set(await waiting).size).toBe(1);
    expect(stage.refreshes()).toBe(1);
  });

  it('are refused at once to whoever waits for a session that ends meanwhile', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    await leaseTo('somebody who is slow');
    const refusal = expect(ask([APIS[0]])).rejects.toMatchObject({ code: 'auth.unauthorized' });
    await until(() => refused > 0);
    await stage.rows.deleteAll();
    await refusal;
    expect(stage.refreshes()).toBe(0);
    await stage.signInAgain(browser);
  });

  it('end no lease that is somebody else’s by now', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    const { asked, goOn } = holdRefresh(stage.instance);
    const late = ask([APIS[0]]);
    await asked;
    await leaseTo('somebody else');
    goOn();
    await late;
    expect((await stage.held()).row).toMatchObject({ leaseOwner: 'somebody else' });
  });

  it('are refused with a timeout to whoever has waited too long, and nothing is sent', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    await leaseTo('somebody who is slow');
    const refusal = expect(ask([APIS[0]])).rejects.toMatchObject({ code: 'connector.provider_timeout' });
    await until(() => refused > 0);
    stage.sandbox.advance(25);
    await refusal;
    expect(stage.refreshes()).toBe(0);
  });

  it('do not put an older grant in the place of a sign-in that came meanwhile', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    const { asked, goOn } = holdRefresh(stage.instance);
    const late = ask([APIS[0]]);
    await asked;
    await stage.signInAgain(browser);
    const newest = await stage.held();
    goOn();
    await late;
    const { row, tokens } = await stage.held();
    expect([row.version, tokens.refreshToken]).toEqual([newest.row.version, newest.tokens.refreshToken]);
  });

  it('come by a sign-in that came meanwhile where Logto had ended the grant before', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    const { asked, goOn } = holdRefresh(stage.instance);
    const late = Promise.all(times(4, () => ask([APIS[0]])));
    await asked;
    stage.sandbox.revokeLogtoGrants('alice');
    await stage.signInAgain(browser);
    goOn();
    expect(new Set((await late).map((token) => token.reveal())).size).toBe(1);
    expect(stage.refreshes()).toBe(2);
  });

  it('are asked for once where Logto has ended the grant, and everybody hears it', async () => {
    stage.sandbox.advance(HOUR_SECONDS);
    stage.sandbox.revokeLogtoGrants('alice');
    const asked = APIS.flatMap((api) => times(10, (index) => ask([api], index)));
    const codes = (await Promise.allSettled(asked)).map(
      (outcome) => outcome.status === 'rejected' && (outcome.reason as { code: string }).code,
    );
    expect(codes).toEqual(times(50, () => 'reauthorization_required'));
    expect(stage.refreshes()).toBe(1);
    await stage.signInAgain(browser);
  });
});

describe('access tokens of several sessions', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start({ logto: { resources: APIS }, sandbox: { rotateRefreshTokens: 'always' } });
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.close());

  it('are their own', async () => {
    const browsers = [
      await stage.signedIn('alice'),
      await stage.signedIn('alice'),
      await stage.signedIn('bob'),
    ];
    stage.sandbox.advance(HOUR_SECONDS);
    const asked = browsers.flatMap((browser) =>
      times(10, () => stage.clientOf(browser).getAccessToken(APIS[0])),
    );
    const tokens = (await Promise.all(asked)).map((token) => token.reveal());
    expect(new Set(tokens).size).toBe(3);
    expect(stage.refreshes()).toBe(3);
  });

  it('come in the order of asking', async () => {
    const client = stage.clientOf(await stage.signedIn());
    stage.sandbox.advance(HOUR_SECONDS);
    const order: string[] = [];
    await Promise.all(
      APIS.map((api) => client.getAccessTokenClaims(api).then(({ aud }) => order.push(String(aud)))),
    );
    expect(order).toEqual(APIS);
  });

  it('do not wait for each other', async () => {
    const [slow, quick] = [await stage.signedIn('alice'), await stage.signedIn('bob')];
    stage.sandbox.advance(HOUR_SECONDS);
    const { asked, goOn } = holdRefresh(stage.instance);
    const waiting = stage.clientOf(slow).getAccessToken(APIS[0]);
    await asked;
    await stage.clientOf(quick).getAccessToken(APIS[0]);
    expect(stage.refreshes()).toBe(1);
    goOn();
    await waiting;
    expect(stage.refreshes()).toBe(2);
  });
});

it('writes down what Logto answers although the backend has been told to stop', async () => {
  const stage = await Stage.start({ instances: 2, sandbox: { rotateRefreshTokens: 'always' } });
  const [staying, stopping] = stage.instances as [Stage['instance'], Stage['instance']];
  try {
    const browser = await stage.signedIn();
    const { version } = (await stage.held()).row;
    stage.sandbox.advance(HOUR_SECONDS);
    stage.sandbox.fail({ path: '/oidc/token', delayMilliseconds: 500, times: 1 });
    const answer = stopping.clientOf(browser).getAccessToken();
    await until(() => stage.refreshes() === 1);
    await stopping.app.close();
    const token = (await answer).reveal();
    const { row } = await stage.held();
    expect([row.version, row.leaseOwner]).toEqual([version + 1, null]);
    expect((await staying.clientOf(browser).getAccessToken()).reveal()).toBe(token);
    stage.sandbox.advance(HOUR_SECONDS);
    await staying.clientOf(browser).getAccessToken();
    expect(stage.sandbox.reusedRefreshTokens()).toBe(0);
    expect(await staying.dataSource.getRepository(LogtoSession).count()).toBe(1);
  } finally {
    await stage.close();
  }
});
