import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Identity, SignInService, User } from '../../src/index.js';
import { startSandboxedApplication, type SandboxedApplication } from '../importing/application.js';
import { environments } from '../support/backend.js';
import { Browser } from '../support/browser.js';
import { signInThroughLogto } from '../support/sandboxed.js';
import { controllers } from './routes.js';
import { API, MOBILE, SCOPES, TokensOfLogto } from './tokens.js';

describe.each(environments)(
  'people behind access tokens on $platform with $database',
  ({ platform, database }) => {
    let application: SandboxedApplication;
    let tokens: TokensOfLogto;

    beforeAll(async () => {
      application = await startSandboxedApplication({
        platform,
        database,
        logto: { audience: API, scopes: SCOPES },
        sandbox: { clients: [MOBILE] },
        controllers,
      });
      tokens = await TokensOfLogto.of(application.sandbox);
    });

    afterAll(() => application.close());

    beforeEach(async () => {
      await application.dataSource.getRepository(User).deleteAll();
      application.clock.advance(1);
    });

    const person = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return new Browser().json(`${application.url}/token/person`, { headers });
    };
    const signedIn = async (persona: string) => {
      const browser = new Browser();
      await signInThroughLogto(browser, application, persona);
      return browser.json(`${application.url}/session/person`);
    };
    const rows = async () => [
      await application.dataSource.getRepository(User).count(),
      await application.dataSource.getRepository(Identity).count(),
    ];

    it('are our users from their first request on, which makes them once', async () => {
      const token = await tokens.api('alice');
      const first = await Promise.all(Array.from({ length: 20 }, () => person(token)));
      expect(new Set(first.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(first.map(({ body }) => body['id'])).size).toBe(1);
      expect(await rows()).toEqual([1, 1]);
      application.clock.advance(1);
      expect((await person(token)).body['id']).toBe(first[0]?.body['id']);
      expect(await rows()).toEqual([1, 1]);
    });

    it('are made once too, where nobody knows of the others who make them, as among instances', async () => {
      const signIns = application.get(SignInService);
      const issuer = `${application.sandbox.url}/oidc`;
      const ids = await Promise.all(
        Array.from({ length: 20 }, () => signIns.userAtLogto(issuer, 'n0or6f3v8hxa')),
      );
      expect(new Set(ids).size).toBe(1);
      expect((await person(await tokens.api('noor'))).body['id']).toBe(ids[0]);
      expect(await rows()).toEqual([1, 1]);
    });

    it('are one user by all of their tokens', async () => {
      const several = await Promise.all(Array.from({ length: 5 }, () => tokens.api('alice')));
      expect(new Set(several).size).toBe(5);
      const answers = await Promise.all(several.map(person));
      expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1);
      expect(await rows()).toEqual([1, 1]);
    });

    it('are the user of their sign-in by browser, whichever came first', async () => {
      const [alice, bob] = [await tokens.api('alice'), await tokens.api('bob')];
      expect((await person(alice)).body['id']).toBe((await signedIn('alice')).body['id']);
      expect((await signedIn('bob')).body['id']).toBe((await person(bob)).body['id']);
      expect(await rows()).toEqual([2, 2]);
    });

    it('are one user too, when token and browser come at the same moment', async () => {
      const token = await tokens.api('zoe');
      const [byToken, byBrowser] = await Promise.all([person(token), signedIn('zoe')]);
      expect([byToken.status, byBrowser.status]).toEqual([200, 200]);
      expect(byBrowser.body['id']).toBe(byToken.body['id']);
      expect(await rows()).toEqual([1, 1]);
    });

    it('have the name and the address of their sign-in, also when a token came before it', async () => {
      const token = await tokens.api('alice');
      expect((await person(token)).status).toBe(200);
      expect((await signedIn('alice')).body).toMatchObject({ email: 'alice@example.test' });
      application.clock.advance(1);
      expect((await person(token)).body).toMatchObject({ email: 'alice@example.test' });
    });

    it('are not behind the token of a program, for which no user is made', async () => {
      const answer = await person(await tokens.machine());
      expect(answer).toMatchObject({ status: 403, body: { code: 'auth.forbidden' } });
      expect(await rows()).toEqual([0, 0]);
    });
  },
);
