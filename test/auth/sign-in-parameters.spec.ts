import { describe, expect, it } from '@jest/globals';
import { signInParameters } from '../../src/auth/sign-in/sign-in-parameters.js';
import { environments } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { startSandboxed } from '../support/sandboxed.js';

const of = (query: string, allowed?: string[]) => signInParameters(new URLSearchParams(query), allowed);

describe('what a link to the sign-in may tell Logto', () => {
  it.each([
    ['the screen', 'first_screen=register', { first_screen: 'register' }],
    ['the deprecated mode', 'interaction_mode=signUp', { interaction_mode: 'signUp' }],
    [
      'the screen alone, where both are given',
      'interaction_mode=signUp&first_screen=sign_in',
      { first_screen: 'sign_in' },
    ],
    ['identifiers', 'identifier=email+phone', { identifier: 'email phone' }],
    ['a connector', 'direct_sign_in=social:google', { direct_sign_in: 'social:google' }],
    ['languages', 'ui_locales=de-CH+fr', { ui_locales: 'de-CH fr' }],
    ['an organization', 'organization_id=abc123', { organization_id: 'abc123' }],
    ['nothing that nobody asked for (AR-06)', 'prompt=none&login_hint=a&nonce=x&foo=bar', {}],
    ['nothing through the prototype', '__proto__=x&constructor=y', {}],
  ])('is %s', (_, query, parameters) => {
    expect(of(query)).toEqual(parameters);
  });

  it.each([
    'first_screen=everything',
    'identifier=name',
    'direct_sign_in=google',
    'direct_sign_in=social:a%20b',
    'ui_locales=%3Cb%3E',
    'organization_id=',
  ])('is not a value that Logto does not know: %s', (query) => {
    expect(() => of(query)).toThrow(expect.objectContaining({ code: 'auth.parameter_invalid' }));
  });

  it('is further what the application allows, and never what the relying party says itself (AR-06)', () => {
    const allowed = [
      'login_hint',
      'prompt',
      'client_id',
      'redirect_uri',
      'scope',
      'state',
      'nonce',
      'code_challenge',
      'request_uri',
    ];
    const query = `${allowed.map((name) => `${name}=x`).join('&')}&other=x`;
    expect(of(query, allowed)).toEqual({ login_hint: 'x', prompt: 'x' });
  });
});

describe.each(environments.filter(({ database }) => database === 'SQLite'))(
  'a link to the sign-in on $platform',
  ({ platform }) => {
    it('leads to the screen of Logto that it names', async () => {
      const stage = await startSandboxed({ platform });
      const pages = [];
      for (const query of [
        'first_screen=register',
        'interaction_mode=signUp',
        'direct_sign_in=social:google',
        '',
      ]) {
        const page = await new Browser().open(`${stage.backend.url}/auth/sign-in?${query}`);
        pages.push(new URL(page.url).pathname);
      }
      const refused = await new Browser().json(`${stage.backend.url}/auth/sign-in?first_screen=nonsense`);
      await stage.close();
      expect(pages).toEqual(['/register', '/register', '/direct/social/google', '/sign-in']);
      expect(refused).toMatchObject({ status: 400, body: { code: 'auth.parameter_invalid' } });
    });
  },
);
