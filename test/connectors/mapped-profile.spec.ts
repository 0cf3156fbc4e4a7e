import { describe, expect, it } from '@jest/globals';
import {
  personOf,
  profilePath,
  subjectAt,
  withoutCredentials,
  type ProfileMap,
} from '../../src/connectors/mapped-profile.js';

describe('the id of a person', () => {
  it.each<[object, string, string]>([
    [{ id: 7 }, 'id', '7'],
    [{ id: 'seven' }, 'id', 'seven'],
    [{ data: { user: { id: Number.MAX_SAFE_INTEGER } } }, 'data.user.id', '9007199254740991'],
    [{ items: [{ id: 'a' }] }, 'items.0.id', 'a'],
    [{ 'https://a.example/id': 'b' }, 'https://a.example/id', 'b'],
    [{ toString: 'an own one' }, 'toString', 'an own one'],
  ])('in %j at %s is %s', (profile, path, id) => {
    expect(subjectAt(profile, path)).toBe(id);
  });

  it.each<unknown>([
    {},
    { id: null },
    { id: '' },
    { id: ' ' },
    { id: ' 7' },
    { id: 0 },
    { id: -0 },
    { id: false },
    { id: true },
    { id: 1.5 },
    { id: 2 ** 53 },
    { id: 1e300 },
    { id: {} },
    { id: { toString: 'x' } },
    { id: ['7'] },
    { id: [] },
    { id: 'x'.repeat(256) },
    { id: 'tab\there' },
    { id: 'é' },
    { ID: 7 },
    { data: { id: 7 } },
    null,
    'id',
    7,
  ])('is missing in %j', (profile) => {
    expect(() => subjectAt(profile, 'id')).toThrow(
      expect.objectContaining({ code: 'connector.invalid_response' }),
    );
  });

  it.each([
    'toString',
    'toString.name',
    'hasOwnProperty.length',
    'id.length',
    'id.0',
    'list.length.constructor',
    'data..id',
    '.id',
    'id.',
    '',
  ])('is no inherited property: %j', (path) => {
    expect(() => subjectAt({ id: 'seven', data: { id: 1 }, list: ['a'] }, path)).toThrow();
  });

  it('is not one that the profile inherits', () => {
    expect(() => subjectAt(Object.create({ id: 'inherited' }), 'id')).toThrow();
    expect(() => subjectAt({ user: Object.create({ id: 'inherited' }) as unknown }, 'user.id')).toThrow();
  });
});

describe('a path', () => {
  it.each(['__proto__', '__proto__.id', 'constructor.name', 'data.constructor', 'data.prototype.id'])(
    'does not lead out of the data: %s',
    (path) => {
      expect(profilePath.safeParse(path).success).toBe(false);
    },
  );

  it.each(['id', 'data.user.id', 'constructors.id', 'https://a.example/claims/id'])('may be %s', (path) => {
    expect(profilePath.parse(path)).toBe(path);
  });
});

describe('a person', () => {
  const profile = {
    contact: { mail: 'ann@example.com', confirmed: true, tel: '+1 (555) 010-0123', telConfirmed: 'true' },
    name: 'Ann\u0000',
    picture: 'https://a.example/ann.png',
    number: 7,
  };
  const names = { name: 'name', avatar: 'picture' };
  const unflagged = { ...names, email: 'contact.mail', phone: 'contact.tel' };
  const map = { ...unflagged, emailVerified: 'contact.confirmed', phoneVerified: 'contact.telConfirmed' };

  it('is mapped by paths', () => {
    expect(personOf(profile, { ...map, username: 'number' }, true)).toEqual({
      name: 'Ann',
      username: '7',
      email: 'ann@example.com',
      emailVerified: true,
      emailAuthoritative: true,
      phone: '+15550100123',
      phoneVerified: true,
      avatar: 'https://a.example/ann.png',
    });
  });

  it.each<unknown>([
    { name: {}, picture: 'javascript:alert(1)', contact: { mail: ['a'], tel: '555', confirmed: true } },
    {
      name: null,
      picture: 'http://a.example/',
      contact: { mail: '', tel: '+0123456789', telConfirmed: true },
    },
    { name: [], picture: {}, contact: 'ann@example.com' },
    {},
  ])('lacks what is of another kind: %j', (other) => {
    expect(personOf(other, map, true)).toEqual({
      emailVerified: false,
      emailAuthoritative: false,
      phoneVerified: false,
    });
  });

  it.each<[string, ProfileMap, boolean, [boolean, boolean]]>([
    ['the provider says verified, and is trusted', map, true, [true, true]],
    ['the provider says verified, and is not trusted', map, false, [true, false]],
    ['nobody says anything', unflagged, false, [false, false]],
    ['the provider is trusted with all of them', unflagged, true, [true, true]],
    ['there is no word of it', { ...map, emailVerified: 'nowhere' }, true, [false, false]],
    ['the word is not true', { ...map, emailVerified: 'number' }, true, [false, false]],
  ])('has an address that is verified and authoritative as told: %s', (_, paths, trusted, expected) => {
    const { email, emailVerified, emailAuthoritative } = personOf(profile, paths, trusted);
    expect([email, emailVerified, emailAuthoritative]).toEqual(['ann@example.com', ...expected]);
  });

  it('has no verified phone where no path leads to the word of it', () => {
    expect(personOf(profile, unflagged, true)).toMatchObject({ phone: '+15550100123', phoneVerified: false });
  });
});

describe('the profile that is kept', () => {
  it.each<[unknown, unknown]>([
    [
      { id: 1, token: 't', user: { Access_Token: 't', name: 'Ann' } },
      { id: 1, user: { name: 'Ann' } },
    ],
    [
      { client_secret: 's', passwordHash: 'p', apiKey: 'k', 'API-key': 'kept', api_key: 'k' },
      { 'API-key': 'kept' },
    ],
    [
      [{ refreshToken: 't' }, ['token']],
      [{}, ['token']],
    ],
    [{ token: { name: 'Ann' } }, {}],
    ['token', 'token'],
    [null, null],
  ])('of %j is %j', (profile, expected) => {
    expect(withoutCredentials(profile)).toEqual(expected);
  });

  it('is finite, however deep the provider’s is', () => {
    const deep = JSON.parse('{"a":'.repeat(3000) + '1' + '}'.repeat(3000)) as unknown;
    expect(JSON.stringify(withoutCredentials(deep)).length).toBeLessThan(1000);
  });

  it('leads nowhere but to data', () => {
    const kept = withoutCredentials(JSON.parse('{"__proto__":{"token":1,"admin":true}}')) as object;
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
    expect(JSON.stringify(kept)).toBe('{"__proto__":{"admin":true}}');
  });
});
