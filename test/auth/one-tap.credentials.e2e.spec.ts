import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../support/backend.js';
import type { Sandboxed } from '../support/sandboxed.js';
import { OneTapVisitor, refusalIn, startWithPrompt } from './one-tap-stage.js';

const NOT_VERIFIED = [400, 'auth.id_token_invalid'];
const UNKNOWN_PAGE = [400, 'auth.state_invalid'];

describe.each(platforms)('a credential of Google One Tap on %s', (platform) => {
  let stage: Sandboxed;

  beforeAll(async () => {
    stage = await startWithPrompt(platform);
  });

  afterAll(() => stage.close());

  const visitor = () => OneTapVisitor.at(stage);

  it.each([
    ['OT-05: for another client', { clientId: 'another-client' }],
    ['OT-07: that has expired', { expiresInSeconds: -60 }],
    ['OT-07: of another issuer', { issuer: 'https://accounts.google.com.evil.test' }],
    ['OT-08: without a nonce', { nonce: undefined }],
  ])('refuses a credential %s', async (_, options) => {
    const visit = visitor();
    const credential = await visit.credential('alice', options);
    expect(await refusalIn(await visit.post(credential))).toEqual(NOT_VERIFIED);
    expect(await visit.me()).toEqual({});
  });

  it.each([
    ['OT-07: whose signature is of another credential', withForeignSignature],
    ['OT-07: without a signature', (credential: string) => `${credential.split('.').slice(0, 2).join('.')}.`],
    ['that is no token', () => 'x'],
    ['that is empty', () => ''],
  ])('refuses a credential %s', async (_, bend) => {
    const visit = visitor();
    const credential = await visit.credential('alice');
    const other = await stage.sandbox.oneTapCredential({ personaId: 'bob' });
    expect(await refusalIn(await visit.post(bend(credential, other)))).toEqual(NOT_VERIFIED);
    expect(await visit.me()).toEqual({});
  });

  it('refuses a credential for a page that was never shown (OT-08)', async () => {
    const visit = visitor();
    await visit.nonce();
    const credential = await visit.credential('alice', { nonce: 'a'.repeat(43) });
    expect(await refusalIn(await visit.post(credential))).toEqual(UNKNOWN_PAGE);
  });

  it('refuses a credential that was used before, also by the one who used it', async () => {
    const visit = visitor();
    const credential = await visit.credential('alice');
    expect((await visit.post(credential)).status).toBe(303);
    expect(await refusalIn(await visit.post(credential))).toEqual(UNKNOWN_PAGE);
  });

  it('lets one of two posts of the same credential in', async () => {
    const visit = visitor();
    const credential = await visit.credential('alice');
    const answers = await Promise.all([visit.post(credential), visit.post(credential)]);
    expect(answers.map(({ status }) => status).sort((one, other) => one - other)).toEqual([303, 400]);
  });

  it('refuses a credential in another browser than the one that showed the page, which it leaves good', async () => {
    const [victim, attacker] = [visitor(), visitor()];
    const credential = await attacker.credential('bob');
    await victim.nonce();
    expect(await refusalIn(await victim.post(credential))).toEqual(UNKNOWN_PAGE);
    expect(await refusalIn(await visitor().post(credential))).toEqual(UNKNOWN_PAGE);
    expect((await attacker.post(credential)).status).toBe(303);
  });

  it.each(['link', 'reauthorize'])(
    'refuses to end with a credential what was begun to %s',
    async (purpose) => {
      const visit = visitor();
      await visit.post(await visit.credential('alice'));
      const nonce = await visit.stateOf(purpose);
      const credential = await stage.sandbox.oneTapCredential({ personaId: 'bob', nonce });
      expect(await refusalIn(await visit.post(credential))).toEqual([403, 'auth.link_refused']);
    },
  );

  it('refuses a credential of a page that was opened too long ago', async () => {
    const visit = visitor();
    const nonce = await visit.nonce();
    stage.backend.clock.advance(601);
    const credential = await stage.sandbox.oneTapCredential({ personaId: 'alice', nonce });
    expect(await refusalIn(await visit.post(credential))).toEqual([400, 'auth.transaction_expired']);
  });
});

/** A signature by Google's key, over something else. */
function withForeignSignature(credential: string, other: string): string {
  return [...credential.split('.').slice(0, 2), other.split('.')[2]].join('.');
}
