import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IdentitiesService, Unlinking, User, type Identity, type IdentityAt } from '../../src/index.js';
import { databaseKinds } from '../support/databases.js';
import { Stage, somebody } from './stage.js';

const HEARSAY = { emailVerified: true, emailAuthoritative: false };

describe.each(databaseKinds)('whether the address of a user is verified, on %s', (database) => {
  let stage: Stage;
  let counter = 0;

  beforeAll(async () => {
    stage = await Stage.open({ database });
  });
  afterAll(() => stage.close());

  const address = (): string => `ann-${(counter += 1)}@example.test`;
  const isVerified = async (id: string): Promise<boolean> => (await stage.user(id)).emailVerified;
  const link = (userId: string, at: IdentityAt): Promise<void> =>
    stage.run((manager) => stage.get(IdentitiesService).link(manager, { userId, actorId: userId }, at));
  const unlink = (userId: string, wanted: string) =>
    stage.get(Unlinking).unlink({
      userId,
      actorId: userId,
      choose: (identities) => identities.find(({ target }) => target === wanted) as Identity,
    });

  it.each([
    ['a provider that is to be believed has verified it', {}, 'alpha', true],
    ['Logto has verified it', HEARSAY, 'logto', true],
    ['a provider that anybody can tell anything calls it verified (AL-02)', HEARSAY, 'alpha', false],
    ['a provider that is to be believed has not verified it', { emailVerified: false }, 'alpha', false],
    ['Logto has not verified it', { ...HEARSAY, emailVerified: false }, 'logto', false],
  ])('is told where %s', async (_, word, target, expected) => {
    const email = address();
    const at = somebody({ email, ...word }, target);
    const id = await stage.signIn(at);
    expect([(await stage.user(id)).email, await isVerified(id)]).toEqual([email, expected]);
    expect((await stage.identities(id))[0].emailVerified).toBe(at.identity.emailVerified);
    expect([await stage.signIn(at), await isVerified(id)]).toEqual([id, expected]);
  });

  it('is true from when its owner links an account that vouches for it', async () => {
    const email = address();
    const id = await stage.signIn(somebody({ email, ...HEARSAY }));
    await link(id, somebody({ email }, 'beta'));
    expect(await isVerified(id)).toBe(true);
  });

  it('is false once the account that vouched for it is unlinked', async () => {
    const email = address();
    const id = await stage.signIn(somebody({ email }));
    await link(id, somebody({ email, ...HEARSAY }, 'beta'));
    expect(await isVerified(id)).toBe(true);
    await unlink(id, 'alpha');
    expect(await stage.user(id)).toMatchObject({ email, emailVerified: false });
  });

  it('stays true while another account vouches for it', async () => {
    const email = address();
    const id = await stage.signIn(somebody({ email }));
    await link(id, somebody({ email: email.toUpperCase() }, 'beta'));
    await unlink(id, 'alpha');
    expect(await isVerified(id)).toBe(true);
  });

  it('is false once the provider says another one, which somebody else may have got since (AL-07)', async () => {
    const email = address();
    const at = somebody({ email });
    const id = await stage.signIn(at);
    await stage.signIn({ ...at, identity: { ...at.identity, email: address() } });
    expect(await stage.user(id)).toMatchObject({ email, emailVerified: false });
    const heir = await stage.signIn(somebody({ email }));
    expect([heir === id, await isVerified(heir), await isVerified(id)]).toEqual([false, true, false]);
  });

  it('is the application’s business where the application has set the address', async () => {
    const at = somebody({ email: address() });
    const id = await stage.signIn(at);
    const own = { email: 'own@example.test', emailCanonical: 'own@example.test', emailVerified: true };
    const profileSources = JSON.stringify({ email: 'user' });
    await stage.dataSource.manager.update(User, { id }, { ...own, profileSources });
    await stage.signIn(at);
    expect(await isVerified(id)).toBe(true);
  });
});
