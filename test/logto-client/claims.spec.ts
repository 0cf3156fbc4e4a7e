import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { LogtoClient } from '../../src/auth/logto/logto-client.js';
import { ALICE, API, AURORA, EVERY_SCOPE, HARBOUR, HOUR_SECONDS, Stage } from './stage.js';

const OTHER_API = 'https://other.example.test/';
const BOB = 'b4mq7t0zk9dp';

let stage: Stage;
let alice: LogtoClient;

const verified = async (token: string) => {
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${stage.sandbox.url}/oidc/jwks`)), {
    issuer: `${stage.sandbox.url}/oidc`,
  });
  return payload;
};
const scopeOf = ({ scope }: { scope?: string }) => (scope ?? '').split(' ').filter(Boolean).sort();
const later = () => stage.sandbox.advance(HOUR_SECONDS);
const begin = async () => {
  await stage.clear();
  alice = stage.clientOf(await stage.signedIn('alice'));
  stage.sandbox.clearRequests();
};

describe('what Logto says', () => {
  beforeAll(async () => {
    stage = await Stage.start({
      logto: { scopes: EVERY_SCOPE, resources: [API] },
      sandbox: { rotateRefreshTokens: 'always' },
    });
  });
  beforeEach(begin);
  afterAll(() => stage.close());

  it('in the ID token is of the person who signed in', async () => {
    const bob = stage.clientOf(await stage.signedIn('bob'));
    stage.sandbox.clearRequests();
    const audience = stage.sandbox.logto.appId;
    expect(await alice.getIdTokenClaims()).toMatchObject({ sub: ALICE, aud: audience, name: 'Alice Arden' });
    expect(await bob.getIdTokenClaims()).toMatchObject({ sub: BOB, aud: audience });
    expect(stage.sandbox.requests()).toEqual({});
  });

  it('in the ID token is that of the newest one', async () => {
    const first = (await stage.held()).tokens.idToken;
    later();
    await alice.getAccessToken();
    const { idToken } = (await stage.held()).tokens;
    expect(idToken).not.toBe(first);
    expect(await alice.getIdTokenClaims()).toEqual(await verified(idToken));
  });

  it.each([
    ['that somebody has changed', async () => changed((await stage.held()).tokens.idToken)],
    ['of another person', () => idTokenOf('bob')],
  ])('in an ID token %s that comes with a refresh is not believed', async (_, make) => {
    const before = (await stage.held()).tokens;
    const id_token = await make();
    const answer = { access_token: 'another', token_type: 'Bearer', expires_in: 3600, id_token };
    later();
    stage.sandbox.fail({ path: '/oidc/token', body: JSON.stringify(answer), times: 1 });
    expect((await alice.getAccessToken()).reveal()).toBe('another');
    expect(await alice.getIdTokenClaims()).toEqual(decodeJwt(before.idToken));
    expect(await alice.getRoles()).toEqual(['support']);
  });

  const changed = (idToken: string) => {
    const [header, , signature] = idToken.split('.');
    const claims = { ...decodeJwt(idToken), name: 'Mallory', roles: ['admin'] };
    return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
  };
  /** Of a session that is over afterwards. */
  const idTokenOf = async (persona: string) => {
    const [own] = await stage.rows.find();
    await stage.signedIn(persona);
    const rows = (await stage.rows.find()).filter(({ sessionId }) => sessionId !== own?.sessionId);
    const { row, tokens } = await stage.open(rows[0]);
    await stage.rows.delete(row.sessionId);
    return tokens.idToken;
  };

  it('of roles is what UserInfo said at the sign-in, and stays after a refresh', async () => {
    expect(await alice.getRoles()).toEqual(['support']);
    later();
    await alice.getAccessToken();
    expect(await alice.getRoles()).toEqual(['support']);
    expect(await stage.clientOf(await stage.signedIn('bob')).getRoles()).toEqual([]);
  });

  it('in UserInfo is of the person who signed in, now and after a refresh', async () => {
    expect(await alice.fetchUserInfo()).toMatchObject({ sub: ALICE, roles: ['support'] });
    expect(stage.refreshes()).toBe(0);
    later();
    expect(await alice.fetchUserInfo()).toMatchObject({ sub: ALICE });
    expect(stage.refreshes()).toBe(1);
    expect(await stage.clientOf(await stage.signedIn('bob')).fetchUserInfo()).toMatchObject({ sub: BOB });
  });

  it('in UserInfo of somebody else is refused', async () => {
    stage.sandbox.fail({ path: '/oidc/me', body: JSON.stringify({ sub: BOB }), times: 1 });
    await expect(alice.fetchUserInfo()).rejects.toMatchObject({ code: 'auth.userinfo_mismatch' });
  });

  it('in the access token for UserInfo is nothing: it is opaque', async () => {
    expect((await alice.getAccessToken()).reveal()).not.toContain('.');
    expect(await alice.getAccessTokenClaims()).toEqual({});
  });

  it('in the access token for an API is for that API and this person', async () => {
    const claims = await alice.getAccessTokenClaims(API);
    expect(claims).toMatchObject({ sub: ALICE, aud: API, client_id: stage.sandbox.logto.appId });
    expect(scopeOf(claims)).toEqual(['read:documents', 'write:documents']);
    expect(claims).not.toHaveProperty('organization_id');
    expect(await verified((await alice.getAccessToken(API)).reveal())).toEqual(claims);
    expect(stage.refreshes()).toBe(1);
  });

  it.each([
    ['alice', AURORA, ['invite:member', 'manage:settings', 'read:members']],
    ['alice', HARBOUR, ['read:members']],
    ['bob', AURORA, ['read:members']],
  ])('in %s’s token for the organisation %s is what the role permits', async (persona, id, scopes) => {
    const client = persona === 'alice' ? alice : stage.clientOf(await stage.signedIn(persona));
    const claims = await client.getOrganizationTokenClaims(id);
    expect(claims.aud).toBe(`urn:logto:organization:${id}`);
    expect(scopeOf(claims)).toEqual(scopes);
    expect(await verified((await client.getOrganizationToken(id)).reveal())).toEqual(claims);
    expect(stage.refreshes()).toBe(1);
  });

  it.each([
    [AURORA, ['read:documents', 'write:documents']],
    [HARBOUR, ['read:documents']],
  ])('in the token for an API within the organisation %s is what the role permits', async (id, scopes) => {
    const claims = await alice.getAccessTokenClaims(API, id);
    expect(claims).toMatchObject({ aud: API, organization_id: id });
    expect(scopeOf(claims)).toEqual(scopes);
    expect(await verified((await alice.getAccessToken(API, id)).reveal())).toEqual(claims);
    expect(stage.refreshes()).toBe(1);
  });

  it('is kept apart by API and organisation', async () => {
    const tokens = [
      await alice.getAccessToken(),
      await alice.getAccessToken(API),
      await alice.getAccessToken(API, AURORA),
      await alice.getAccessToken(API, HARBOUR),
      await alice.getOrganizationToken(AURORA),
      await alice.getOrganizationToken(HARBOUR),
    ].map((token) => token.reveal());
    expect(new Set(tokens).size).toBe(6);
    expect(stage.refreshes()).toBe(5);
    expect((await alice.getAccessToken(API, AURORA)).reveal()).toBe(tokens[2]);
    expect(stage.refreshes()).toBe(5);
  });

  it.each(['7t1hd84wpe6s', 'nowhere00000'])(
    'to one who is no member of the organisation %s is no, and the grant lives on',
    async (organization) => {
      const bob = stage.clientOf(await stage.signedIn('bob'));
      const denied = { code: 'auth.access_denied' };
      await expect(bob.getOrganizationToken(organization)).rejects.toMatchObject(denied);
      await expect(bob.getOrganizationTokenClaims(organization)).rejects.toMatchObject(denied);
      await expect(bob.getAccessToken(API, organization)).rejects.toMatchObject(denied);
      expect(await bob.getAccessTokenClaims(API)).toMatchObject({ sub: BOB });
      expect(stage.sandbox.reusedRefreshTokens()).toBe(0);
    },
  );

  it('is for nobody where the organisation is an empty name', async () => {
    const denied = { code: 'auth.access_denied' };
    await expect(alice.getOrganizationToken('')).rejects.toMatchObject(denied);
    await expect(alice.getAccessToken(API, '')).rejects.toMatchObject(denied);
    expect(stage.sandbox.requests()).toEqual({});
  });

  it('is not asked for an API that is not configured, and the grant lives on', async () => {
    const missing = { code: 'auth.missing_resource' };
    await expect(alice.getAccessToken(OTHER_API)).rejects.toMatchObject(missing);
    await expect(alice.getAccessTokenClaims(OTHER_API, AURORA)).rejects.toMatchObject(missing);
    expect(stage.sandbox.requests()).toEqual({});
    expect(await alice.getAccessTokenClaims(API)).toMatchObject({ aud: API });
    expect(stage.refreshes()).toBe(1);
  });
});

describe('an API that is configured after the sign-in', () => {
  const resources = [API];
  beforeAll(async () => {
    stage = await Stage.start({ logto: { resources }, sandbox: { rotateRefreshTokens: 'always' } });
  });
  afterAll(() => stage.close());

  it('needs another one, is not asked of Logto before, and the grant lives on', async () => {
    const browser = await stage.signedIn();
    resources.push(OTHER_API);
    stage.sandbox.clearRequests();
    const client = stage.clientOf(browser);
    await expect(client.getAccessToken(OTHER_API)).rejects.toMatchObject({
      code: 'reauthorization_required',
      data: { target: 'logto', reason: 'scope_missing' },
    });
    expect(stage.sandbox.requests()).toEqual({});
    expect(await client.getAccessTokenClaims(API)).toMatchObject({ aud: API });
    await stage.signInAgain(browser);
    const renewed = await stage.clientOf(browser).getAccessTokenClaims(OTHER_API);
    expect(renewed).toMatchObject({ aud: OTHER_API });
    expect(stage.sandbox.reusedRefreshTokens()).toBe(0);
  });
});

describe('without the scope of organisations', () => {
  beforeAll(async () => {
    stage = await Stage.start({ logto: { scopes: ['email'], resources: [API] } });
  });
  beforeEach(begin);
  afterAll(() => stage.close());

  it('Logto is not asked for anything of an organisation, and the grant lives on', async () => {
    const missing = { code: 'auth.missing_scope_organizations' };
    await expect(alice.getOrganizationToken(AURORA)).rejects.toMatchObject(missing);
    await expect(alice.getOrganizationTokenClaims(AURORA)).rejects.toMatchObject(missing);
    await expect(alice.getAccessToken(API, AURORA)).rejects.toMatchObject(missing);
    expect(stage.sandbox.requests()).toEqual({});
    expect(await alice.getAccessTokenClaims(API)).toMatchObject({ aud: API });
  });

  it('nobody has a role', async () => {
    expect(await alice.getRoles()).toEqual([]);
  });
});
