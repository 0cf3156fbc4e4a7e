import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Stage, somebody } from '../../identities/stage.js';
import { environments } from '../../support/backend.js';
import { Person } from './person.js';

const BAD_TEXTS = [
  ['NUL', 'a\u0000'],
  ['a lone surrogate', 'a\ud800'],
  ['300 letters', 'x'.repeat(300)],
  ['the name of the prototype', '__proto__'],
] as const;

const GIVEN = { userId: '7', issuer: 'https://gone.test', connectorId: 'gone' };

/** Every text of every body: what stands around it, and the fields that are bad by turns. */
const BODIES: readonly [string, string, object, readonly string[]][] = [
  ['PATCH', '/my-account', {}, ['name', 'avatar', 'username']],
  ['POST', '/my-account/identities', {}, ['newIdentifierVerificationRecordId']],
  ['PUT', '/my-account/identities', {}, ['newIdentifierVerificationRecordId']],
  ['PUT', '/my-account/identities/alpha/access-token', {}, ['verificationRecordId']],
  [
    'POST',
    '/verifications/social',
    { connectorId: 'beta', state: 'st', redirectUri: ':origin/done' },
    ['connectorId', 'state', 'redirectUri', 'scope'],
  ],
  ['POST', '/verifications/social/verify', { connectorData: {} }, ['verificationRecordId']],
  [
    'POST',
    '/verifications/social/verify',
    { verificationRecordId: ':record' },
    ['connectorData.code', 'connectorData.state', 'connectorData.redirectUri'],
  ],
  [
    'POST',
    '/connectors/alpha/authorization-uri',
    { state: 'st', redirectUri: ':origin/done' },
    ['state', 'redirectUri'],
  ],
  ['POST', '/users/:user/identities', { connectorData: { state: 'st' } }, ['connectorId']],
  [
    'POST',
    '/users/:user/identities',
    { connectorId: 'alpha' },
    ['connectorData.code', 'connectorData.state', 'connectorData.redirectUri'],
  ],
  [
    'PUT',
    '/users/:user/identities/gone',
    GIVEN,
    [
      'userId',
      'issuer',
      'connectorId',
      'details.name',
      'details.username',
      'details.email',
      'details.phone',
      'details.avatar',
      'details.rawData',
    ],
  ],
];

const PATHS: readonly { method: string; path: string; body?: object }[] = [
  { method: 'DELETE', path: '/my-account/identities/:bad' },
  { method: 'DELETE', path: '/my-account/identities/alpha/:bad' },
  { method: 'DELETE', path: '/my-account/identities/alpha?identityId=:bad' },
  {
    method: 'PUT',
    path: '/my-account/identities?identityId=:bad',
    body: { newIdentifierVerificationRecordId: 'x' },
  },
  { method: 'GET', path: '/my-account/identities/:bad/access-token' },
  { method: 'PUT', path: '/my-account/identities/:bad/access-token', body: { verificationRecordId: 'x' } },
  {
    method: 'POST',
    path: '/connectors/:bad/authorization-uri',
    body: { state: 'st', redirectUri: ':origin/done' },
  },
  { method: 'POST', path: '/users/:bad/identities', body: { connectorId: 'alpha', connectorData: {} } },
  { method: 'PUT', path: '/users/:bad/identities/gone', body: GIVEN },
  { method: 'PUT', path: '/users/:user/identities/:bad', body: GIVEN },
  { method: 'GET', path: '/users/:bad/identities/alpha' },
  { method: 'GET', path: '/users/:user/identities/:bad' },
  { method: 'GET', path: '/users/:user/identities/alpha?identityId=:bad' },
  { method: 'GET', path: '/users/:bad/all-identities' },
  { method: 'DELETE', path: '/users/:bad/identities/alpha' },
  { method: 'DELETE', path: '/users/:user/identities/:bad' },
  { method: 'DELETE', path: '/users/:user/identities/alpha?identityId=:bad' },
];

describe.each(environments)('malformed text on $platform with $database', ({ platform, database }) => {
  let stage: Stage;
  let person: Person;
  let userId: string;

  beforeAll(async () => {
    stage = await Stage.open({ platform, database });
    person = new Person(stage);
    await person.signIn();
    userId = await person.id();
  });
  afterAll(() => stage.close());

  const filled = (text: string): string => text.replace(':user', userId).replace(':origin', stage.url);

  const call = (method: string, path: string, body: unknown) =>
    person.api(
      method,
      filled(path),
      body === undefined ? undefined : JSON.parse(filled(JSON.stringify(body))),
      { 'x-admin': 'yes' },
    );

  const withField = (body: object, field: string, text: string): object => {
    const [outer, inner] = field.split('.');
    return { ...body, [outer]: inner === undefined ? text : { [inner]: text } };
  };

  describe.each(BAD_TEXTS)('with %s', (_, bad) => {
    it.each(
      BODIES.flatMap(([method, path, body, fields]) =>
        fields.map((field) => [method, path, field, body] as const),
      ),
    )('in a body is never our failure: %s %s %s', async (method, path, field, body) => {
      const record = JSON.stringify(body).includes(':record') ? { verificationRecordId: await begun() } : {};
      const { status } = await call(method, path, withField({ ...body, ...record }, field, bad));
      expect(status).toBeLessThan(500);
    });

    it.each(PATHS)('in an address is never our failure: $method $path', async ({ method, path, body }) => {
      const { status } = await call(method, path.replace(':bad', spelled(bad)), body);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    });
  });

  it.each([
    [60, 201],
    [5_000, 400],
    [30_000, 400],
  ])('of a profile nested %i deep is answered with %i', async (depth, expected) => {
    const user = await stage.signIn(somebody({}, 'beta'));
    const given = JSON.stringify({ ...GIVEN, userId: `deep-${depth}`, details: { rawData: 'here' } });
    const answer = await fetch(`${stage.url}/api/users/${user}/identities/gone`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', 'x-admin': 'yes' },
      body: given.replace('"here"', '['.repeat(depth) + ']'.repeat(depth)),
    });
    expect(answer.status).toBe(expected);
    expect((await call('GET', `/users/${user}/all-identities`, undefined)).status).toBe(200);
  });

  async function begun(): Promise<string> {
    const start = { connectorId: 'beta', state: 'my-state', redirectUri: `${stage.url}/done` };
    return String((await person.api('POST', '/verifications/social', start)).body['verificationRecordId']);
  }
});

const spelled = (text: string): string => text.replaceAll('\u0000', '%00').replaceAll('\ud800', '%ED%A0%80');
