import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Stage, somebody } from '../../identities/stage.js';
import { platforms } from '../../support/backend.js';
import { Person } from './person.js';

describe.each(platforms)('GET and PATCH /api/my-account on %s', (platform) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ platform });
  });
  afterAll(() => stage.close());

  it('answers in Logto’s form, with every account', async () => {
    const person = new Person(stage);
    const { identity: first } = somebody({
      email: `${platform}@example.test`,
      name: 'Ann',
      phone: '+4955555',
    });
    const { identity: second } = somebody();
    await person.signIn({ identity: { ...first, rawData: { id: 1 } } });
    stage.clock.advance(1);
    await person.link({ identity: second }, 'alpha');
    const id = await person.id();
    const user = await stage.user(id);
    const [one, two] = await stage.identities(id);
    const { status, body, headers } = await person.api('GET', '/my-account');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      id,
      username: null,
      name: 'Ann',
      avatar: null,
      primaryEmail: `${platform}@example.test`,
      emailVerified: true,
      primaryPhone: '+4955555',
      identities: { alpha: expect.objectContaining({ userId: one.subject }) as unknown },
      linkedIdentities: [
        expect.objectContaining({ id: one.id, target: 'alpha', connectorId: 'alpha', userId: one.subject }),
        expect.objectContaining({ id: two.id, target: 'alpha', userId: two.subject, emailVerified: false }),
      ],
      createdAt: user.createdAt * 1000,
      lastSignInAt: user.lastSignInAt * 1000,
      isSuspended: false,
      hasPassword: false,
    });
    const { details } = (body['linkedIdentities'] as { userId: string; details: unknown }[]).find(
      ({ userId }) => userId === first.subject,
    ) as { details: unknown };
    expect(details).toEqual({
      id: first.subject,
      name: 'Ann',
      email: `${platform}@example.test`,
      phone: '+4955555',
      rawData: { id: 1 },
    });
  });

  it('keeps what the user has set, whatever the provider says at the next sign-in', async () => {
    const person = new Person(stage);
    const { identity } = somebody({ name: 'Upstream', avatar: 'https://beta.test/a.png' }, 'beta');
    await person.signIn({ identity }, 'beta');
    const { status, body } = await person.api('PATCH', '/my-account', { name: ' Mine ', avatar: null });
    expect([status, body['name'], body['avatar']]).toEqual([200, 'Mine', null]);
    await person.signIn({ identity: { ...identity, username: 'handle' } }, 'beta');
    expect((await person.api('GET', '/my-account')).body).toMatchObject({
      name: 'Mine',
      avatar: null,
      username: 'handle',
    });
  });

  it.each([
    { name: '' },
    { name: 'a'.repeat(129) },
    { name: 'a\u0000b' },
    { name: 7 },
    { avatar: 'http://a.test/a.png' },
    { avatar: 'javascript:alert(1)' },
    { username: '1abc' },
    { username: 'a b' },
    { primaryEmail: 'other@example.test' },
    { id: 'another' },
    [],
  ])('refuses %j', async (changes) => {
    const person = new Person(stage);
    await person.signIn();
    expect(await person.api('PATCH', '/my-account', changes)).toMatchObject({
      status: 400,
      body: { code: 'guard.invalid_input' },
    });
  });

  it('asks for a session', async () => {
    const person = new Person(stage);
    for (const method of ['GET', 'PATCH'])
      expect(await person.api(method, '/my-account', method === 'GET' ? undefined : {})).toMatchObject({
        status: 401,
      });
  });
});
