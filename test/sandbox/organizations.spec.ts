import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { applicationUrl, RelyingParty } from './relying-party.js';

const AURORA = 'k3v9xq27mz0a';
const HARBOUR = '7t1hd84wpe6s';
const ALICE = 'xw3jr9c2iw77';
const API = 'https://api.example.test/';
const ORGANIZATIONS = 'urn:logto:resource:organizations';
const extended = 'roles urn:logto:scope:organizations urn:logto:scope:organization_roles';
const organizationScopes = 'urn:logto:scope:organizations read:members invite:member manage:settings';
const apiScopes = 'read:documents write:documents read:customers feed:cat';

let sandbox: Sandbox;
let logto: RelyingParty;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
  logto = await RelyingParty.ofLogto(sandbox);
});
afterAll(() => sandbox.close());

const verified = async (jwt: string) =>
  jwtVerify(jwt, createRemoteJWKSet(new URL(`${sandbox.url}/oidc/jwks`)), { issuer: `${sandbox.url}/oidc` });

/** What the token endpoint answers, read without a library. */
async function tokenRequest(form: Record<string, string>, credentials = sandbox.logto) {
  const basic = Buffer.from(`${credentials.appId}:${credentials.appSecret}`).toString('base64');
  const answer = await fetch(`${sandbox.url}/oidc/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams(form),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
}

describe('claims of organisations and roles', () => {
  it('are in userinfo and not in the ID token', async () => {
    const tokens = await logto.signInFor('alice', extended);
    for (const claim of ['roles', 'organizations', 'organization_data', 'organization_roles']) {
      expect(tokens.claims()).not.toHaveProperty(claim);
    }
    expect(await client.fetchUserInfo(logto.configuration, tokens.access_token, ALICE)).toMatchObject({
      roles: ['support'],
      organizations: [AURORA, HARBOUR],
      organization_data: [
        { id: AURORA, name: 'Aurora Workshop' },
        { id: HARBOUR, name: 'Harbour Collective' },
      ],
      organization_roles: [`${AURORA}:admin`, `${HARBOUR}:member`],
    });
  });

  it('come by their scopes alone', async () => {
    const tokens = await logto.signInFor('alice', 'urn:logto:scope:organizations');
    const claims = await client.fetchUserInfo(logto.configuration, tokens.access_token, ALICE);
    expect(claims).toHaveProperty('organizations');
    expect(claims).not.toHaveProperty('organization_roles');
    expect(claims).not.toHaveProperty('roles');
  });

  it('are empty for someone who belongs nowhere', async () => {
    const tokens = await logto.signInFor('zoe', extended);
    expect(
      await client.fetchUserInfo(logto.configuration, tokens.access_token, 'z8e2ly5n1ckw'),
    ).toMatchObject({ roles: [], organizations: [], organization_data: [], organization_roles: [] });
  });

  it('are in the ID token when the tenant enables them', async () => {
    const other = await startSandbox({ port: 0, applicationUrl, extendedIdTokenClaims: true });
    const tokens = await (await RelyingParty.ofLogto(other)).signInFor('bob', extended);
    expect(tokens.claims()).toMatchObject({ roles: [], organization_roles: [`${AURORA}:member`] });
    await other.close();
  });
});

describe('an organisation token', () => {
  it('is a JWT for the organisation with the permissions of the person in it', async () => {
    const { refresh_token: token } = await logto.signInFor('alice', organizationScopes, [ORGANIZATIONS]);
    const answer = await logto.refresh(token, { organization_id: AURORA });
    const { payload, protectedHeader } = await verified(answer.access_token);
    expect(protectedHeader).toMatchObject({ alg: 'ES384', typ: 'at+jwt' });
    expect(payload).toEqual({
      jti: expect.any(String),
      iss: `${sandbox.url}/oidc`,
      sub: ALICE,
      aud: `urn:logto:organization:${AURORA}`,
      client_id: sandbox.logto.appId,
      scope: 'read:members invite:member manage:settings',
      iat: expect.any(Number),
      exp: Number(payload.iat) + 3600,
    });
    expect(answer).toMatchObject({ expires_in: 3600, scope: payload['scope'], refresh_token: token });
  });

  it.each([
    ['alice', HARBOUR, 'read:members'],
    ['bob', AURORA, 'read:members'],
  ])('gives %s in %s what the role there permits', async (persona, organization, scope) => {
    const { refresh_token: token } = await logto.signInFor(persona, organizationScopes, [ORGANIZATIONS]);
    expect((await logto.refresh(token, { organization_id: organization })).scope).toBe(scope);
  });

  it('carries no more permissions than the refresh names', async () => {
    const { refresh_token: token } = await logto.signInFor('alice', organizationScopes, [API, ORGANIZATIONS]);
    const narrowed = { organization_id: AURORA, scope: 'invite:member' };
    expect((await logto.refresh(token, narrowed)).scope).toBe('invite:member');
  });

  it('has no permission where none was asked for at the sign-in', async () => {
    const { refresh_token: token } = await logto.signInFor('alice', 'urn:logto:scope:organizations');
    const { access_token: jwt } = await logto.refresh(token, { organization_id: AURORA });
    expect(decodeJwt(jwt)).toMatchObject({ aud: `urn:logto:organization:${AURORA}` });
    expect(decodeJwt(jwt)).not.toHaveProperty('scope');
  });

  it.each([
    ['bob', HARBOUR],
    ['noor', AURORA],
    ['alice', 'nowhere00000'],
  ])('is denied to %s in %s, and the refresh token stays good', async (persona, organization) => {
    const { refresh_token: token = '' } = await logto.signInFor(persona, organizationScopes, [ORGANIZATIONS]);
    const form = { grant_type: 'refresh_token', refresh_token: token, organization_id: organization };
    expect(await tokenRequest(form)).toEqual({
      status: 403,
      body: {
        code: 'oidc.access_denied',
        message: 'Access denied.',
        error: 'access_denied',
        error_description: 'user is not a member of the organization',
      },
    });
    expect((await logto.refresh(token)).access_token).toBeTruthy();
  });

  it('is refused to a refresh token without the scope of organisations', async () => {
    const { refresh_token: token = '' } = await logto.signInFor('alice', 'profile');
    const form = { grant_type: 'refresh_token', refresh_token: token, organization_id: AURORA };
    expect(await tokenRequest(form)).toEqual({
      status: 403,
      body: {
        code: 'oidc.insufficient_scope',
        message: 'Token missing scope `{{scope}}`.',
        error: 'insufficient_scope',
        error_description: 'refresh token missing required scope',
        scope: 'urn:logto:scope:organizations',
      },
    });
  });

  it('does not open userinfo', async () => {
    const { refresh_token: token } = await logto.signInFor('alice', organizationScopes, [ORGANIZATIONS]);
    const { access_token: jwt } = await logto.refresh(token, { organization_id: AURORA });
    const userinfo = await fetch(`${sandbox.url}/oidc/me`, { headers: { authorization: `Bearer ${jwt}` } });
    expect(userinfo.status).toBe(401);
  });
});

describe('a token for an API', () => {
  const resources = [API, ORGANIZATIONS];
  const scopes = `${organizationScopes} ${apiScopes}`;

  it('carries what any role of the person permits, and what no role mentions', async () => {
    const { refresh_token: token } = await logto.signInFor('alice', scopes, resources);
    const { access_token: jwt } = await logto.refresh(token, { resource: API });
    expect(decodeJwt(jwt)).toMatchObject({ aud: API, sub: ALICE, scope: expect.any(String) });
    expect(String(decodeJwt(jwt)['scope']).split(' ').sort()).toEqual(apiScopes.split(' ').sort());
    expect(decodeJwt(jwt)).not.toHaveProperty('organization_id');
  });

  it('silently lacks the permissions that the person does not have', async () => {
    const { refresh_token: token } = await logto.signInFor('bob', scopes, resources);
    const { access_token: jwt } = await logto.refresh(token, { resource: API });
    expect(String(decodeJwt(jwt)['scope']).split(' ').sort()).toEqual(['feed:cat', 'read:documents']);
  });

  it.each([
    [AURORA, 'read:documents write:documents'],
    [HARBOUR, 'read:documents'],
  ])('within %s names it and carries %s', async (organization, scope) => {
    const { refresh_token: token } = await logto.signInFor('alice', scopes, resources);
    const { access_token: jwt } = await logto.refresh(token, {
      resource: API,
      organization_id: organization,
    });
    expect(decodeJwt(jwt)).toMatchObject({ aud: API, organization_id: organization, scope });
  });

  it('within an organisation is denied to outsiders', async () => {
    const { refresh_token: token } = await logto.signInFor('bob', scopes, resources);
    await expect(logto.refresh(token, { resource: API, organization_id: HARBOUR })).rejects.toMatchObject({
      error: 'access_denied',
      status: 403,
    });
  });

  it('is refused for an API that the sign-in did not ask for', async () => {
    const { refresh_token: token = '' } = await logto.signInFor('alice', scopes, [API]);
    const form = {
      grant_type: 'refresh_token',
      refresh_token: token,
      resource: 'https://other.example.test/',
    };
    expect(await tokenRequest(form)).toMatchObject({
      status: 400,
      body: { code: 'oidc.invalid_target', message: 'Invalid resource indicator.' },
    });
  });

  it('is opaque without a resource, however many the sign-in named', async () => {
    const tokens = await logto.signInFor('alice', scopes, [API, 'https://other.example.test/']);
    expect(tokens.access_token).not.toContain('.');
    for (const resource of [API, 'https://other.example.test/']) {
      expect(decodeJwt((await logto.refresh(tokens.refresh_token, { resource })).access_token).aud).toBe(
        resource,
      );
    }
  });
});

describe('a machine', () => {
  const machine = () => ({ appId: sandbox.machine.clientId, appSecret: sandbox.machine.clientSecret });
  const request = (form: Record<string, string>) =>
    tokenRequest({ grant_type: 'client_credentials', ...form }, { ...sandbox.logto, ...machine() });

  it('gets a token for an API whose subject is itself', async () => {
    const { body } = await request({ resource: API, scope: 'feed:cat write:documents' });
    const { payload, protectedHeader } = await verified(body['access_token'] ?? '');
    expect(protectedHeader).toMatchObject({ alg: 'ES384', typ: 'at+jwt' });
    const { clientId } = sandbox.machine;
    expect(payload).toMatchObject({ aud: API, sub: clientId, client_id: clientId, scope: 'feed:cat' });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(3600);
    expect(body).not.toHaveProperty('refresh_token');
  });

  it.each([
    ['neither a resource nor an organisation', {}, 400, 'invalid_target'],
    ['an organisation, since it belongs to none', { organization_id: AURORA }, 403, 'access_denied'],
  ])('is refused for %s', async (_case, form: Record<string, string>, status, error) => {
    expect(await request(form)).toMatchObject({ status, body: { error } });
  });

  it('cannot be what people sign in to, nor can the application be a machine', async () => {
    expect(await request({ grant_type: 'refresh_token', refresh_token: 'x' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
    expect(await tokenRequest({ grant_type: 'client_credentials', resource: API })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });
});
