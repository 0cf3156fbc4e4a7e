import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { API, MOBILE } from '../../guards/tokens.js';
import { RelyingParty } from '../../sandbox/relying-party.js';
import { platforms } from '../../support/backend.js';
import { Browser } from '../../support/browser.js';
import { signInThroughLogto } from '../../support/sandboxed.js';
import { ask, openManagement, verdictOf, type ManagementStage } from './stage.js';

const routes: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['GET', 'connector-factories'],
  ['GET', 'connector-factories/google-universal'],
  ['GET', 'connectors'],
  ['GET', 'connectors/google'],
  ['POST', 'connectors', { connectorId: 'x-universal', config: { clientId: 'a', clientSecret: 'b' } }],
  ['PATCH', 'connectors/google', { enabled: false }],
  ['DELETE', 'connectors/google'],
  ['POST', 'connectors/google/test', {}],
  ['GET', 'sign-in-exp'],
  ['PATCH', 'sign-in-exp', { socialSignInConnectorTargets: [] }],
];

describe.each(platforms)('the management routes on %s', (platform) => {
  let stage: ManagementStage;

  beforeAll(async () => {
    stage = await openManagement({ platform });
  });

  afterAll(() => stage.close());

  const verdicts = async (headers: Record<string, string>) => {
    const all = routes.map(async ([method, path, body]) =>
      verdictOf(await ask(`${stage.backend.url}/api/${path}`, method, body, headers)),
    );
    return [...new Set(await Promise.all(all))];
  };

  const bearer = async (token: Promise<string>) => ({ authorization: `Bearer ${await token}` });

  it('let nobody in without credentials (MA-01)', async () => {
    expect(await verdicts({})).toEqual(['401 auth.unauthorized']);
  });

  it('take no session for a token, whoever is signed in (MA-03)', async () => {
    const browser = new Browser();
    await signInThroughLogto(browser, stage.backend);
    const cookie = `latchkey=${browser.cookie('localhost', 'latchkey')}`;
    expect((await ask(`${stage.backend.url}/api/me`, 'GET', undefined, { cookie })).status).toBe(200);
    expect(await verdicts({ cookie })).toEqual(['401 auth.authorization_header_missing']);
  });

  it('refuse people and programs that may not manage, and say which scope is needed (MA-03)', async () => {
    for (const token of [stage.tokens.api('alice'), stage.tokens.machine('')])
      expect(await verdicts(await bearer(token))).toEqual(['403 auth.forbidden']);
    const { headers } = await stage.ask('GET', 'connectors', undefined, await bearer(stage.tokens.machine()));
    expect(headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="all"');
  });

  it('refuse tokens of the same Logto for others, and tokens of another kind (MA-20)', async () => {
    for (const token of [
      stage.tokens.elsewhere('alice'),
      stage.tokens.opaque('alice'),
      stage.tokens.idToken('alice'),
    ])
      expect(await verdicts(await bearer(token))).toEqual(['401 auth.access_token_invalid']);
  });

  it('are not for people, who get no such permission when they ask for it (MA-03)', async () => {
    const atMobile = { ...stage.sandbox.logto, appId: MOBILE.clientId, appSecret: MOBILE.clientSecret };
    const client = await RelyingParty.ofLogto({ ...stage.sandbox, logto: atMobile });
    const { refresh_token } = await client.signInFor('alice', 'all read:anything', [API]);
    const { access_token } = await client.refresh(refresh_token, { resource: API });
    const { scope } = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()) as {
      scope: string;
    };
    expect(scope).toBe('read:anything');
    expect(await verdicts(await bearer(Promise.resolve(access_token)))).toEqual(['403 auth.forbidden']);
  });

  it('let a program in that may manage', async () => {
    expect((await stage.ask('GET', 'connectors')).status).toBe(200);
    expect((await stage.ask('GET', 'sign-in-exp')).status).toBe(200);
  });
});
