import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, Not, type EntityManager } from 'typeorm';
import { LatchkeyError } from '../common/errors.js';
import type { IdentityAt } from './identity-at.js';
import { IdentityRows } from './identity-rows.js';
import { Identity } from './identity.entity.js';
import { holdersOf } from './linking.policy.js';
import { BY_USER, firstProfile, sourcesOf, syncedProfile, type Profile } from './profile-sources.js';
import { detailsOf, type ProviderDetails } from './provider-details.js';
import { Overtaken } from './transactions.js';
import { User } from './user.entity.js';
import { isVouchedFor } from './vouched-email.js';

/** What a person changes of themselves; null clears. */
export type ProfileChanges = Partial<Pick<User, 'name' | 'avatar' | 'username'>>;

/** Profiles of users: where they come from, and who may change them. */
@Injectable()
export class Profiles {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly rows: IdentityRows,
  ) {}

  /** Rejects with `user.user_not_exist`. */
  async read(userId: string): Promise<User> {
    const user = await this.dataSource.manager.findOneBy(User, { id: userId });
    if (!user) throw notOurs();
    return user;
  }

  /** The fields are the person's own from now on: no sign-in changes them. Rejects with `user.user_not_exist`. */
  async change(userId: string, changes: ProfileChanges): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      if (!(await lockUser(manager, userId))) throw notOurs();
      const user = await manager.findOneByOrFail(User, { id: userId });
      const own = Object.fromEntries(Object.keys(changes).map((field) => [field, BY_USER]));
      const profileSources = JSON.stringify({ ...sourcesOf(user), ...own });
      await manager.update(User, { id: userId }, { ...changes, profileSources });
    });
  }

  /** The first profile of a user whom this account brings. Contacts that are somebody else's are left out. */
  async firstOf(
    manager: EntityManager,
    identityId: string,
    { target, identity }: IdentityAt,
  ): Promise<Profile> {
    const said = detailsOf(identity);
    const details = { ...said, emailVerified: isVouchedFor({ target, ...said }) };
    return firstProfile(details, identityId, {
      email: await isEmailFree(manager, details, identityId),
      phone: await isPhoneFree(manager, details, identityId),
    });
  }

  /** At a sign-in. A user of whom nothing is known yet, made by an access token, gets a first profile. */
  async follow(manager: EntityManager, { id, userId }: Identity, at: IdentityAt): Promise<void> {
    const user = await manager.findOneByOrFail(User, { id: userId });
    const changes = isUnknown(user)
      ? await this.firstOf(manager, id, at)
      : at.syncProfile === true && (await this.changesOf(manager, user, { id, at }));
    if (!changes) return;
    const { affected } = await manager.update(
      User,
      { id: userId, profileSources: user.profileSources ?? IsNull() },
      changes,
    );
    if (affected !== 1) throw new Overtaken('the profile has been changed meanwhile');
  }

  private async changesOf(
    manager: EntityManager,
    user: User,
    { id, at }: { readonly id: string; readonly at: IdentityAt },
  ): Promise<Partial<Profile> | undefined> {
    const linkedIds = new Set((await this.rows.ofUser(manager, user.id)).map((identity) => identity.id));
    return syncedProfile(user, at.identity, { identityId: id, linkedIds });
  }
}

/** Nobody else changes the user, or their accounts, before the end of the transaction. False where there is no such user. */
export async function lockUser(manager: EntityManager, id: string): Promise<boolean> {
  const { affected } = await manager.update(User, { id }, { lastSignInAt: () => 'last_sign_in_at' });
  return affected === 1;
}

const isUnknown = ({ name, avatar, username, email, phone, profileSources }: User): boolean =>
  [name, avatar, username, email, phone, profileSources].every((value) => value === null);

/** A session may be of a user whom the application keeps by itself. */
export const notOurs = (): LatchkeyError =>
  new LatchkeyError('user.user_not_exist', 'There is no such user here.');

async function isEmailFree(
  manager: EntityManager,
  { emailCanonical }: ProviderDetails,
  identityId: string,
): Promise<boolean> {
  if (emailCanonical === null) return true;
  return (await holdersOf(manager, emailCanonical)).every(({ id }) => id === identityId);
}

async function isPhoneFree(
  manager: EntityManager,
  { phone }: ProviderDetails,
  identityId: string,
): Promise<boolean> {
  if (phone === null) return true;
  return !(await manager.existsBy(Identity, { phone, phoneVerified: true, id: Not(identityId) }));
}
