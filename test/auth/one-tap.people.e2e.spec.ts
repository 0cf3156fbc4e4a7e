import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms, type Platform } from '../support/backend.js';
import type { ConnectorInstanceOptions } from '../../src/connectors/connector.registry.js';
import { SignInExperience } from '../../src/connectors/instances/sign-in-experience.js';
import { IdentitiesService } from '../../src/identities/identities.service.js';
import { Transactions } from '../../src/identities/transactions.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { signInThroughGoogle, startSandboxed, type Sandboxed } from '../support/sandboxed.js';
import { OneTapVisitor, refusalIn, startWithPrompt } from './one-tap-stage.js';

describe.each(platforms)('a person at the prompt of Google One Tap on %s', (platform) => {
  let stage: Sandboxed;

  beforeAll(async () => {
    stage = await startWithPrompt(platform);
  });

  afterAll(() => stage.close());

  const visitor = () => OneTapVisitor.at(stage);

  it('signs in whom the prompt names, as the same user as by redirect, and leads where the page was to lead', async () => {
    const visit = visitor();
    await signInThroughGoogle(visit.browser, stage.backend, 'alice');
    const { id } = await visit.me();
    const other = visitor();
    const nonce = await other.nonce('?return_to=/api/me');
    const answer = await other.post(await stage.sandbox.oneTapCredential({ personaId: 'alice', nonce }));
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/api/me']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await other.me()).toMatchObject({ id, name: 'Alice Arden' });
  });

  it('leaves the tokens alone that an earlier consent brought', async () => {
    const visit = visitor();
    await visit.post(await visit.credential('alice'));
    const path = `${stage.backend.url}/api/my-account/identities/google/access-token`;
    expect((await visit.browser.json(path)).status).toBe(200);
  });

  it('is not let into an account of an address that Google does not vouch for, where accounts are joined (OT-10, OT-11)', async () => {
    await stage.backend.get(SignInExperience).update({ automaticAccountLinking: true });
    const addresses = ['bob@example.test', 'uma@example.test', 'zoe@studio.example.test'];
    const [, , zoe] = await Promise.all(addresses.map(ownerOf));
    const verdicts = await Promise.all(['bob', 'uma', 'zoe'].map(enterAs));
    expect(verdicts).toEqual([
      [422, undefined],
      [422, undefined],
      [303, zoe],
    ]);
  });

  /** Status, and the user who is signed in then. */
  async function enterAs(personaId: string): Promise<[number, string | undefined]> {
    const visit = visitor();
    const { status } = await visit.post(await visit.credential(personaId));
    return [status, (await visit.me()).id];
  }

  /** A user whose the address is, by a provider that is to be believed. */
  function ownerOf(email: string): Promise<string> {
    const { backend } = stage;
    const proven = { emailVerified: true, emailAuthoritative: true };
    const identity = { issuer: 'https://vouches.example.test', subject: email, email, ...proven };
    const at = { connectorId: 'vouching', target: 'vouching', identity };
    return backend.get(Transactions).run((manager) => backend.get(IdentitiesService).signIn(manager, at));
  }
});

describe.each(platforms)('Google One Tap for one company alone on %s', (platform) => {
  it.each([
    ['refuses an account of no company', 'studio.example.test', 'alice', [403, 'auth.access_denied']],
    ['refuses an account of another', 'example.test', 'zoe', [403, 'auth.access_denied']],
    [
      'refuses an account whose domain only begins alike',
      'studio.example',
      'zoe',
      [403, 'auth.access_denied'],
    ],
    ['lets an account of the company in', 'studio.example.test', 'zoe', [303, undefined]],
  ])('%s (OT-12)', async (_, hostedDomain, personaId, verdict) => {
    const answer = await enterWhereOnly(platform, hostedDomain, personaId);
    expect(answer).toEqual(verdict);
  });
});

async function enterWhereOnly(platform: Platform, hostedDomain: string, personaId: string) {
  const stage = await startWithPrompt(platform, { hostedDomain });
  try {
    const visit = OneTapVisitor.at(stage);
    return await refusalIn(await visit.post(await visit.credential(personaId)));
  } finally {
    await stage.close();
  }
}

describe.each(platforms)('without Google’s prompt on %s (OT-06)', (platform) => {
  it.each<[string, (sandbox: Sandbox) => readonly ConnectorInstanceOptions[], [number, string]]>([
    ['the prompt is switched off', ({ connectors }) => connectors, [403, 'connector.disabled']],
    ['Google is not configured', () => [], [404, 'connector.not_found']],
  ])('a credential leads nowhere where %s', async (_, connectors, refusal) => {
    const stage = await startSandboxed({ platform, connectors });
    const visit = OneTapVisitor.at(stage);
    const credential = await visit.credential('alice', { nonce: 'a'.repeat(43) });
    const answer = await visit.post(credential);
    await stage.close();
    expect(await refusalIn(answer)).toEqual(refusal);
  });
});
