import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { LatchkeyError } from '../common/errors.js';
import { randomId } from '../common/random.js';
import type { ProviderIdentity } from '../connectors/connector.js';
import { Identity } from './identity.entity.js';
import { LinkingPolicy } from './linking.policy.js';
import { User } from './user.entity.js';

/** Which account at which provider, and what the provider says of its owner. */
export interface IdentityAt {
  readonly connectorId: string;
  readonly target: string;
  readonly identity: ProviderIdentity;
}

/** Users and who they are elsewhere. Every method that writes takes part in its caller's transaction. */
@Injectable()
export class IdentitiesService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly policy: LinkingPolicy,
    private readonly clock: Clock,
  ) {}

  /** The user of this account: the one it belongs to, one that the policy names, or a new one. Rejects with `user.suspended`. */
  async signIn(manager: EntityManager, at: IdentityAt): Promise<string> {
    const known = await this.find(manager, at);
    if (known) return this.recognise(manager, known, at);
    const owner = await this.policy.ownerOf(manager, at);
    const userId = owner ?? (await this.createUser(manager, at.identity));
    await this.createIdentity(manager, userId, at);
    return userId;
  }

  /** Adds the account to a user who asked for it. Rejects with `user.identity_already_in_use` if it is another's. */
  async link(manager: EntityManager, userId: string, at: IdentityAt): Promise<void> {
    const known = await this.find(manager, at);
    if (!known) return this.createIdentity(manager, userId, at);
    if (known.userId !== userId) {
      throw new LatchkeyError('user.identity_already_in_use', 'This account is linked to another user.');
    }
    await this.refreshDetails(manager, known, at);
  }

  /** Confirms that the account is the user's already. Rejects with `auth.link_refused` if it is not. */
  async confirm(manager: EntityManager, userId: string, at: IdentityAt): Promise<void> {
    const known = await this.find(manager, at);
    if (known?.userId !== userId) {
      throw new LatchkeyError(
        'auth.link_refused',
        'This is not the account that is linked. Choose the same one as before.',
      );
    }
    await this.refreshDetails(manager, known, at);
  }

  /** The user to whom this account of Logto or of a provider belongs. */
  async ownerOf(target: string, issuer: string, subject: string): Promise<string | undefined> {
    const found = await this.dataSource
      .getRepository(Identity)
      .findOne({ select: { userId: true }, where: { target, issuer, subject } });
    return found?.userId;
  }

  /** Oldest first, to the second. */
  list(userId: string): Promise<Identity[]> {
    return this.dataSource
      .getRepository(Identity)
      .find({ where: { userId }, order: { createdAt: 'ASC', id: 'ASC' } });
  }

  private find(
    manager: EntityManager,
    { target, identity: { issuer, subject } }: IdentityAt,
  ): Promise<Identity | null> {
    return manager.findOneBy(Identity, { target, issuer, subject });
  }

  private async recognise(manager: EntityManager, known: Identity, at: IdentityAt): Promise<string> {
    const { affected } = await manager.update(
      User,
      { id: known.userId, suspended: false },
      { lastSignInAt: this.clock.now() },
    );
    if (affected !== 1) throw new LatchkeyError('user.suspended', 'This account is suspended.');
    await this.refreshDetails(manager, known, at);
    await manager.update(User, { id: known.userId, ...NAMELESS }, detailsOf(at.identity));
    return known.userId;
  }

  private async refreshDetails(
    manager: EntityManager,
    { id }: Identity,
    { connectorId, identity }: IdentityAt,
  ): Promise<void> {
    await manager.update(
      Identity,
      { id },
      { connectorId, ...detailsOf(identity), lastUsedAt: this.clock.now() },
    );
  }

  private async createUser(manager: EntityManager, identity: ProviderIdentity): Promise<string> {
    const now = this.clock.now();
    const id = randomId(12);
    const user = { ...detailsOf(identity), suspended: false };
    await manager.insert(User, { id, ...user, createdAt: now, lastSignInAt: now });
    return id;
  }

  private async createIdentity(
    manager: EntityManager,
    userId: string,
    { connectorId, target, identity }: IdentityAt,
  ): Promise<void> {
    const now = this.clock.now();
    const { issuer, subject } = identity;
    const details = { ...detailsOf(identity), createdAt: now, lastUsedAt: now };
    await manager.insert(Identity, {
      id: randomId(21),
      userId,
      connectorId,
      target,
      issuer,
      subject,
      ...details,
    });
  }
}

/** A user whom an access token has made: nothing is known of them but that they exist. */
const NAMELESS = { name: IsNull(), email: IsNull(), avatar: IsNull() };

const detailsOf = ({ name, username, email, emailVerified, avatar }: ProviderIdentity) => ({
  name: name ?? username ?? null,
  email: email ?? null,
  emailVerified,
  avatar: avatar ?? null,
});
