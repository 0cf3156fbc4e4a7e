import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Identity, TokenVaultService, User, UsersService, Secret } from '../../src/index.js';
import { databaseKinds } from '../support/databases.js';
import { Stage, somebody } from './stage.js';

const refused = { code: 'user.email_already_in_use' };

describe.each(databaseKinds)('an unknown account on %s', (database) => {
  let stage: Stage;
  let counter = 0;
  const address = (): string => `v${(counter += 1)}@example.test`;

  beforeAll(async () => {
    stage = await Stage.open({ database });
  });
  afterAll(() => stage.close());

  const automatically = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    stage.automaticLinking = true;
    return action().finally(() => (stage.automaticLinking = false));
  };
  const lastEvent = async () => (await stage.audit()).at(-1);
  const count = async (): Promise<[number, number]> => [
    await stage.dataSource.manager.count(User),
    await stage.dataSource.manager.count(Identity),
  ];

  it('without an address is a new user', async () => {
    const id = await stage.signIn(somebody({ name: 'Ann' }));
    expect(await stage.user(id)).toMatchObject({ name: 'Ann', email: null, emailVerified: false });
    expect(await lastEvent()).toMatchObject({
      event: 'user.created',
      outcome: 'done',
      reason: 'no_address',
      userId: id,
    });
  });

  it('with nobody’s address is a new user, who has it', async () => {
    const email = address();
    const id = await stage.signIn(somebody({ email, phone: '+4911111', phoneVerified: true }));
    expect(await stage.user(id)).toMatchObject({
      email,
      emailVerified: true,
      phone: '+4911111',
      phoneVerified: true,
    });
  });

  it('with an unverified address that is somebody’s is refused, automatic linking or not (AL-01)', async () => {
    const email = address();
    await stage.signIn(somebody({ email }));
    const unverified = { email, emailVerified: false, emailAuthoritative: false };
    const before = await count();
    await expect(stage.signIn(somebody(unverified, 'beta'))).rejects.toMatchObject(refused);
    await automatically(() =>
      expect(stage.signIn(somebody(unverified, 'beta'))).rejects.toMatchObject(refused),
    );
    expect(await count()).toEqual(before);
    expect(await lastEvent()).toMatchObject({
      event: 'sign_in',
      outcome: 'refused',
      reason: 'address_not_vouched_for',
      connectorId: 'beta',
      userId: null,
    });
  });

  it('with the address that somebody has claimed without proof is a new user, not theirs (AL-02)', async () => {
    const email = address();
    const attacker = await stage.signIn(somebody({ email, emailVerified: false, emailAuthoritative: false }));
    const victim = await automatically(() => stage.signIn(somebody({ email }, 'beta')));
    expect(victim).not.toBe(attacker);
    expect(await stage.user(victim)).toMatchObject({ email, emailVerified: true });
  });

  it('with an address that its provider does not vouch for makes nobody its owner (AL-04)', async () => {
    const email = address();
    await stage.signIn(somebody({ email, emailVerified: false, emailAuthoritative: true }));
    const owner = await stage.signIn(somebody({ email }, 'beta'));
    await expect(stage.signIn(somebody({ email }, 'gone'))).rejects.toMatchObject(refused);
    expect((await stage.identities(owner))[0].emailAuthoritative).toBe(true);
  });

  it('of a provider whose word on addresses does not count is never joined (AL-05)', async () => {
    const email = address();
    await stage.signIn(somebody({ email }));
    const asFacebook = { email, emailVerified: true, emailAuthoritative: false };
    await automatically(() =>
      expect(stage.signIn(somebody(asFacebook, 'beta'))).rejects.toMatchObject(refused),
    );
  });

  it('with the phone of somebody is a new user without that phone (AL-05)', async () => {
    const phone = { phone: '+4922222', phoneVerified: true };
    const first = await stage.signIn(somebody(phone));
    const second = await automatically(() => stage.signIn(somebody(phone, 'beta')));
    expect(second).not.toBe(first);
    expect(await stage.user(second)).toMatchObject({ phone: null, phoneVerified: false });
  });

  it('with the subject that somebody has at another provider is another person (AL-06)', async () => {
    const subject = `same-${database}`;
    const ids = [
      await stage.signIn(somebody({ subject })),
      await stage.signIn(somebody({ subject }, 'beta')),
      await stage.signIn(somebody({ subject, issuer: 'https://other.test' })),
    ];
    expect(new Set(ids).size).toBe(3);
    expect(await stage.signIn(somebody({ subject }))).toBe(ids[0]);
  });

  it('follows its person to another address, and whoever gets the old one is another (AL-07)', async () => {
    const [old, recent] = [address(), address()];
    const known = somebody({ email: old });
    const id = await stage.signIn(known);
    const moved = { ...known, identity: { ...known.identity, email: recent } };
    expect(await stage.signIn(moved)).toBe(id);
    expect(await automatically(() => stage.signIn(somebody({ email: old })))).not.toBe(id);
    const [identity] = await stage.identities(id);
    expect(identity).toMatchObject({ email: recent, emailCanonical: recent });
  });

  it('with the address of another account of the same provider is refused: it has changed hands (AL-07)', async () => {
    const email = address();
    await stage.signIn(somebody({ email }));
    await automatically(() => expect(stage.signIn(somebody({ email }))).rejects.toMatchObject(refused));
    expect(await lastEvent()).toMatchObject({ reason: 'address_changed_hands' });
  });

  it.each([
    ['fullwidth letters', 'ｖictim-N@example.test', 'victim-N@example.test'],
    ['a dotless i', 'vıctim-N@example.test', 'victim-N@example.test'],
    ['a dotted capital I', 'VİCTIM-N@example.test', 'victim-N@example.test'],
    ['a combining mark', 'victi\u0301m-N@example.test', 'victim-N@example.test'],
    ['an invisible character', 'vic\u200btim-N@example.test', 'victim-N@example.test'],
    ['a domain in the other script', 'victim-N@exämple.test', 'victim-N@xn--exmple-cua.test'],
  ])(
    'with %s in the place of somebody’s address is refused, automatic linking or not (AL-09)',
    async (_, variant, held) => {
      const number = String((counter += 1));
      await stage.signIn(somebody({ email: held.replace('N', number) }));
      const twin = () => stage.signIn(somebody({ email: variant.replace('N', number) }, 'beta'));
      await expect(twin()).rejects.toMatchObject(refused);
      await automatically(() => expect(twin()).rejects.toMatchObject(refused));
      expect(await lastEvent()).toMatchObject({ reason: 'address_spelled_otherwise' });
    },
  );

  it('with somebody’s verified address is joined where that is switched on, and refused otherwise', async () => {
    const email = address();
    const owner = await stage.signIn(somebody({ email }));
    const second = somebody({ email: email.toUpperCase(), name: 'Other name' }, 'beta');
    await expect(stage.signIn(second)).rejects.toMatchObject(refused);
    expect(await lastEvent()).toMatchObject({ reason: 'linking_not_automatic' });
    expect(await automatically(() => stage.signIn(second))).toBe(owner);
    expect(await stage.user(owner)).toMatchObject({ name: null, email });
    expect(await lastEvent()).toMatchObject({
      event: 'identity.linked',
      outcome: 'done',
      reason: 'same_verified_address',
      userId: owner,
      identityId: (await stage.identities(owner)).find(({ connectorId }) => connectorId === 'beta')?.id,
    });
    expect(await stage.signIn(second)).toBe(owner);
  });

  it('with an address that two users have proved is refused', async () => {
    const [email, other] = [address(), address()];
    const [one, two] = [somebody({ email }), somebody({ email: other }, 'beta')];
    await stage.signIn(one);
    await stage.signIn(two);
    await stage.signIn({ ...two, identity: { ...two.identity, email } });
    await automatically(() =>
      expect(stage.signIn(somebody({ email }, 'gone'))).rejects.toMatchObject(refused),
    );
    expect(await lastEvent()).toMatchObject({ reason: 'address_of_several' });
  });

  it('is not joined to a user who is suspended, and is told nothing of it (AL-18)', async () => {
    const email = address();
    const known = somebody({ email });
    const owner = await stage.signIn(known);
    await stage.get(UsersService).suspend(owner);
    await automatically(() =>
      expect(stage.signIn(somebody({ email }, 'beta'))).rejects.toMatchObject(refused),
    );
    await expect(stage.signIn(known)).rejects.toMatchObject({ code: 'user.suspended' });
    expect(await lastEvent()).toMatchObject({
      event: 'sign_in',
      outcome: 'refused',
      reason: 'suspended',
      userId: owner,
    });
  });

  it('says nothing of the other account where it is refused', async () => {
    const email = address();
    const owner = await stage.signIn(somebody({ email, name: 'Secret Name' }));
    const error = (await stage
      .signIn(somebody({ email }, 'beta'))
      .catch((caught: unknown) => caught)) as Error;
    const told = JSON.stringify({ ...error, message: error.message, event: undefined });
    for (const fact of [owner, 'Secret Name', 'alpha', email]) expect(told).not.toContain(fact);
  });

  it('of a user who has been removed is a new user, with nothing of the old one (AL-19)', async () => {
    const email = address();
    const known = somebody({ email });
    const old = await stage.signIn(known);
    const vault = stage.get(TokenVaultService);
    const owner = { userId: old, connectorId: 'alpha', target: 'alpha', subject: known.identity.subject };
    const tokenSet = { accessToken: new Secret('at-of-old'), tokenType: 'Bearer' };
    await stage.run((manager) => vault.store(manager, owner, tokenSet));
    await stage.get(UsersService).remove(old);
    expect(await vault.list(old)).toEqual([]);
    expect(stage.provider.revoked).toContain('at-of-old');
    const next = await stage.signIn(known);
    expect(next).not.toBe(old);
    expect(await stage.user(next)).toMatchObject({ email });
    expect(await vault.list(next)).toEqual([]);
    expect((await stage.audit()).map(({ event }) => event)).toContain('user.removed');
  });

  it('leaves no address, name or token in the audit log', async () => {
    const email = address();
    await stage.signIn(somebody({ email, name: 'Written Nowhere', subject: 'subject-in-clear' }));
    await expect(stage.signIn(somebody({ email }, 'beta'))).rejects.toMatchObject(refused);
    const log = JSON.stringify(await stage.audit());
    for (const secret of ['@example.test', 'Written Nowhere', 'at-of-old', 'subject-in-clear'])
      expect(log).not.toContain(secret);
  });
});

describe.each(databaseKinds)('a profile that is kept in step, on %s', (database) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ database });
  });
  afterAll(() => stage.close());

  const at = (name: string, picture?: string) =>
    somebody({ subject: 'sync', name, avatar: picture, username: 'handle' }, 'beta', { syncProfile: true });

  it('takes over a new name and picture at the sign-in, and keeps what is absent', async () => {
    const id = await stage.signIn(at('One', 'https://beta.test/1.png'));
    await stage.signIn(at('Two'));
    expect(await stage.user(id)).toMatchObject({
      name: 'Two',
      avatar: 'https://beta.test/1.png',
      username: 'handle',
    });
  });

  it('leaves it alone where the connector does not keep it in step, but for the details of the account', async () => {
    const id = await stage.signIn(at('Two'));
    await stage.signIn({ ...at('Three'), syncProfile: false });
    expect((await stage.user(id)).name).toBe('Two');
    expect((await stage.identities(id))[0].name).toBe('Three');
  });

  it('takes the details of the account as the provider says them now', async () => {
    const raw = { ...at('Four'), identity: { ...at('Four').identity, rawData: { id: 'sync', plan: 'pro' } } };
    const id = await stage.signIn(raw);
    expect(JSON.parse((await stage.identities(id))[0].details ?? '')).toEqual({ id: 'sync', plan: 'pro' });
  });
});

const onPostgres = databaseKinds.includes('PostgreSQL') ? describe : describe.skip;

onPostgres('twenty first sign-ins over two instances', () => {
  it('make one user and one identity (AL-20)', async () => {
    const first = await Stage.open({ database: 'PostgreSQL' });
    const second = await Stage.open({ database: first.database });
    const at = somebody({ email: 'once@example.test' });
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? first : second).signIn(at)),
    );
    const users = await first.dataSource.manager.count(User);
    const identities = await first.dataSource.manager.count(Identity);
    const created = (await first.audit()).filter(({ event }) => event === 'user.created');
    await second.close();
    await first.close();
    expect([new Set(ids).size, users, identities, created.length]).toEqual([1, 1, 1, 1]);
  });
});
