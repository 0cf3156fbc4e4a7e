import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { OneTapPage } from './one-tap-page.js';
import { applicationUrl } from './relying-party.js';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, applicationUrl });
});
afterAll(() => sandbox.close());

const gsi = (path: string, init: RequestInit = {}, origin = applicationUrl) =>
  fetch(`${sandbox.google.issuer}/gsi/${path}`, { ...init, headers: { origin } });

const accounts = (clientId = sandbox.google.clientId, origin?: string) =>
  gsi(`accounts?${new URLSearchParams({ client_id: clientId }).toString()}`, {}, origin);

const credentialFor = (fields: Record<string, string>, origin?: string) => {
  const body = new URLSearchParams({ client_id: sandbox.google.clientId, ...fields });
  return gsi('credential', { method: 'POST', body }, origin);
};

describe('the credential of One Tap', () => {
  it('is an ID token for the client, by the key that signs all of them', async () => {
    const credential = await sandbox.oneTapCredential({ personaId: 'alice', nonce: 'n-1' });
    const keys = createRemoteJWKSet(new URL(`${sandbox.google.issuer}/oauth2/v3/certs`));
    const { issuer, clientId: audience } = sandbox.google;
    const { payload } = await jwtVerify(credential, keys, { issuer, audience, algorithms: ['RS256'] });
    const { iat = 0, exp = 0, nbf = 0, ...claims } = payload;
    expect([exp - iat, iat - nbf]).toEqual([3600, 300]);
    expect(claims).toEqual({
      iss: issuer,
      azp: audience,
      aud: audience,
      sub: '104251876093517284601',
      email: 'alice@example.test',
      email_verified: true,
      name: 'Alice Arden',
      given_name: 'Alice',
      family_name: 'Arden',
      nonce: 'n-1',
      jti: expect.any(String),
    });
  });

  it('tells the hosted domain, and that an address is not verified', async () => {
    const [zoe, bob] = await Promise.all(
      ['zoe', 'bob'].map(async (personaId) => decodeJwt(await sandbox.oneTapCredential({ personaId }))),
    );
    expect(zoe).toMatchObject({ hd: 'studio.example.test', email_verified: true });
    expect(bob).toMatchObject({ email_verified: false });
    expect(bob).not.toHaveProperty('nonce');
  });

  it('may be for another client, by another issuer, or expired', async () => {
    const order = {
      personaId: 'alice',
      clientId: 'other',
      issuer: 'accounts.google.com',
      expiresInSeconds: -60,
    };
    const { iss, aud, iat = 0, exp = 0 } = decodeJwt(await sandbox.oneTapCredential(order));
    expect([iss, aud, exp - iat]).toEqual(['accounts.google.com', 'other', -60]);
    await expect(sandbox.oneTapCredential({ personaId: 'mallory' })).rejects.toThrow('no persona');
  });
});

describe('the endpoints of One Tap', () => {
  it('list those who have an address, to origins of the client alone', async () => {
    const answer = await accounts();
    expect(answer.headers.get('access-control-allow-origin')).toBe(applicationUrl);
    const listed = (await answer.json()) as { id: string; emailVerified: boolean }[];
    expect(listed.map(({ id }) => id)).toEqual(['alice', 'bob', 'zoe', 'carla', 'uma']);
    expect(listed.find(({ id }) => id === 'bob')).toMatchObject({ emailVerified: false });
    for (const refused of [await accounts('nobody'), await accounts(undefined, 'https://evil.example')]) {
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    }
  });

  it('sign for a persona who does not cancel, and for origins of the client alone', async () => {
    const answer = await credentialFor({ persona: 'alice', nonce: 'n-2' });
    const { credential } = (await answer.json()) as { credential: string };
    expect(decodeProtectedHeader(credential)).toMatchObject({ alg: 'RS256' });
    expect(decodeJwt(credential)).toMatchObject({ nonce: 'n-2', aud: sandbox.google.clientId });
    expect((await credentialFor({ persona: 'carla' })).status).toBe(204);
    expect((await credentialFor({ persona: 'noor' })).status).toBe(403);
    expect((await credentialFor({ persona: 'mallory' })).status).toBe(403);
    expect((await credentialFor({ persona: 'alice' }, 'https://evil.example')).status).toBe(403);
    expect((await credentialFor({ persona: 'alice', client_id: 'nobody' })).status).toBe(403);
  });
});

describe('the script of One Tap', () => {
  const declared = () => ({
    client_id: sandbox.google.clientId,
    login_uri: `${applicationUrl}/callback/google`,
    nonce: 'n-3',
  });
  const page = async (dataset?: Record<string, string>) => {
    const answer = await gsi('client');
    expect(answer.headers.get('content-type')).toContain('text/javascript');
    return OneTapPage.load(await answer.text(), {
      src: `${sandbox.google.issuer}/gsi/client`,
      applicationUrl,
      dataset,
    });
  };

  it('prompts by a div, and posts credential, token and the way it was chosen', async () => {
    const visit = await page(declared());
    expect((await visit.prompted()).slice(0, 2)).toEqual([
      'Alice Arden alice@example.test',
      'Bob Bellweather bob@example.test (not verified)',
    ]);
    await visit.choose('Alice Arden');
    const { action, method, fields } = await visit.submitted();
    expect([action, method]).toEqual([`${applicationUrl}/callback/google`, 'post']);
    expect(fields).toEqual({
      credential: expect.any(String),
      g_csrf_token: expect.stringMatching(/^[0-9a-f]{16}$/),
      select_by: 'user',
    });
    expect(visit.cookie).toBe(`g_csrf_token=${fields['g_csrf_token']}; path=/; SameSite=Lax`);
    expect(decodeJwt(fields['credential'] ?? '')).toMatchObject({
      nonce: 'n-3',
      email: 'alice@example.test',
    });
    expect(visit.isPrompting).toBe(false);
  });

  it('prompts by call, and hands the credential to a callback', async () => {
    const visit = await page();
    expect(visit.isPrompting).toBe(false);
    const given: Record<string, string>[] = [];
    visit.id.initialize({
      client_id: sandbox.google.clientId,
      use_fedcm_for_prompt: true,
      callback: (answer: Record<string, string>) => given.push(answer),
    });
    visit.id.prompt();
    await visit.prompted();
    await visit.choose('Zoë');
    await visit.until(() => given.length > 0);
    expect(given).toEqual([expect.objectContaining({ credential: expect.any(String), select_by: 'fedcm' })]);
    expect(visit.form).toBeUndefined();
  });

  it('chooses by itself whom the tab chose before, once', async () => {
    const visit = await page({ ...declared(), auto_select: 'true' });
    await visit.prompted();
    await visit.choose('Alice Arden');
    await visit.submitted();
    visit.forgetForm();
    visit.id.prompt();
    expect((await visit.submitted()).fields['select_by']).toBe('auto');
    visit.id.prompt();
    expect(await visit.prompted()).not.toHaveLength(0);
  });

  it.each([
    ['a click outside', {}, true],
    ['a click outside when that was ruled out', { cancel_on_tap_outside: 'false' }, false],
  ])('closes by %s or not', async (_case, settings: Record<string, string>, closes) => {
    const visit = await page({ ...declared(), ...settings });
    await visit.prompted();
    visit.clickOutside();
    expect(visit.isPrompting).toBe(!closes);
    visit.press('Escape');
    expect(visit.isPrompting).toBe(false);
  });

  it('shows nothing to an application that Google does not know, and when somebody cancels', async () => {
    const unknown = await page({ ...declared(), client_id: 'nobody' });
    await unknown.until(() => unknown.complaints.length > 0);
    expect(unknown.complaints[0]).toContain('[GSI_LOGGER]: The given origin is not allowed');
    expect(unknown.isPrompting).toBe(false);
    const visit = await page(declared());
    await visit.prompted();
    await visit.choose('Carla');
    await visit.until(() => !visit.isPrompting);
    expect(visit.form).toBeUndefined();
  });
});
