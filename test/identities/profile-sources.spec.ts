import { describe, expect, it } from '@jest/globals';
import {
  firstProfile,
  sourcesOf,
  syncedProfile,
  type Profile,
  type ProfileSources,
} from '../../src/identities/profile-sources.js';
import { detailsOf } from '../../src/identities/provider-details.js';

const upstream = { issuer: 'https://a.test', subject: '1', emailVerified: true };
const linkedIds = new Set(['this', 'other']);

const profileOf = (sources: ProfileSources | null, values: Partial<Profile> = {}): Profile => ({
  name: 'Old',
  avatar: null,
  username: null,
  email: null,
  emailVerified: false,
  emailCanonical: null,
  phone: null,
  phoneVerified: false,
  profileSources: sources === null ? null : JSON.stringify(sources),
  ...values,
});

const everything = {
  ...upstream,
  name: 'Ann',
  username: 'ann',
  email: 'Ann@Example.test',
  emailAuthoritative: true,
  phone: '+4912345',
  phoneVerified: true,
  avatar: 'https://a.test/ann.png',
};

describe('the first profile', () => {
  it('takes over what the provider says, and remembers who said it', () => {
    const profile = firstProfile(detailsOf(everything), 'this', { email: true, phone: true });
    expect(profile).toEqual({
      name: 'Ann',
      username: 'ann',
      avatar: 'https://a.test/ann.png',
      email: 'Ann@Example.test',
      emailVerified: true,
      emailCanonical: 'ann@example.test',
      phone: '+4912345',
      phoneVerified: true,
      profileSources: expect.any(String) as unknown,
    });
    expect(sourcesOf(profile)).toEqual({
      name: 'this',
      username: 'this',
      avatar: 'this',
      email: 'this',
      phone: 'this',
    });
  });

  it('leaves out an address and a phone that are somebody else’s', () => {
    const profile = firstProfile(detailsOf(everything), 'this', { email: false, phone: false });
    expect(profile).toMatchObject({ email: null, emailVerified: false, phone: null, phoneVerified: false });
    expect(sourcesOf(profile)).toEqual({ name: 'this', username: 'this', avatar: 'this' });
  });

  it('leaves out an address that is none', () => {
    const profile = firstProfile(detailsOf({ ...everything, email: 'no address' }), 'this', {
      email: true,
      phone: true,
    });
    expect(profile).toMatchObject({ email: null, emailVerified: false, emailCanonical: null });
  });

  it('has the username for a name where there is no other', () => {
    const { name: _, ...nameless } = everything;
    const profile = firstProfile(detailsOf(nameless), 'this', { email: true, phone: true });
    expect(profile.name).toBe('ann');
  });
});

describe('a field at a sign-in that keeps the profile in step', () => {
  it.each([
    ['set by nobody that is known', {}, 'New'],
    ['from before sources were noted', null, 'New'],
    ['set by this identity', { name: 'this' }, 'New'],
    ['set by an identity that is gone', { name: 'unlinked' }, 'New'],
    ['set by the user', { name: 'user' }, undefined],
    ['set by another identity that is linked', { name: 'other' }, undefined],
  ] as const)('%s', (_, sources, expected) => {
    const changes = syncedProfile(
      profileOf(sources),
      { ...upstream, name: 'New' },
      { identityId: 'this', linkedIds },
    );
    expect(changes?.name).toBe(expected);
    if (changes)
      expect(sourcesOf({ profileSources: changes.profileSources ?? null })).toEqual({ name: 'this' });
  });

  it('is not cleared where the provider says nothing any more', () => {
    expect(
      syncedProfile(profileOf({ name: 'this' }), upstream, { identityId: 'this', linkedIds }),
    ).toBeUndefined();
  });

  it('stays cleared where the user has cleared it', () => {
    const cleared = profileOf({ name: 'user' }, { name: null });
    expect(
      syncedProfile(cleared, { ...upstream, name: 'New' }, { identityId: 'this', linkedIds }),
    ).toBeUndefined();
  });

  it('is judged by itself: picture and username follow beside a name of the user’s own', () => {
    const changes = syncedProfile(profileOf({ name: 'user' }), everything, { identityId: 'this', linkedIds });
    expect(changes).toEqual({
      avatar: 'https://a.test/ann.png',
      username: 'ann',
      profileSources: JSON.stringify({ name: 'user', avatar: 'this', username: 'this' }),
    });
  });

  it('is never an address or a phone', () => {
    const changes = syncedProfile(profileOf({}), everything, { identityId: 'this', linkedIds });
    expect(changes).not.toHaveProperty('email');
    expect(changes).not.toHaveProperty('phone');
  });

  it('is not written where nothing differs', () => {
    const same = profileOf({ name: 'this' }, { name: 'Ann' });
    expect(
      syncedProfile(same, { ...upstream, name: 'Ann' }, { identityId: 'this', linkedIds }),
    ).toBeUndefined();
  });
});

describe('details of a provider', () => {
  it('are kept up to 16 KiB, and left out beyond', () => {
    expect(detailsOf({ ...upstream, rawData: { a: 1 } }).details).toBe('{"a":1}');
    expect(detailsOf(upstream).details).toBeNull();
    expect(detailsOf({ ...upstream, rawData: 'ä'.repeat(8190) }).details).not.toBeNull();
    expect(detailsOf({ ...upstream, rawData: 'ä'.repeat(8192) }).details).toBeNull();
  });

  it('make no address authoritative that is not verified', () => {
    const unverified = { ...upstream, email: 'a@b.test', emailVerified: false, emailAuthoritative: true };
    expect(detailsOf(unverified).emailAuthoritative).toBe(false);
  });
});
