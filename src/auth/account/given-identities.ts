import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { LatchkeyError } from '../../common/errors.js';
import { ConnectorRegistry } from '../../connectors/connector.registry.js';
import type { ProviderIdentity } from '../../connectors/connector.js';
import type { IdentityAt } from '../../identities/identity-at.js';
import { Identity } from '../../identities/identity.entity.js';
import { LinkingPolicy } from '../../identities/linking.policy.js';
import type { GivenIdentity } from './management-bodies.js';

/** Accounts that an administrator names by hand. */
@Injectable()
export class GivenIdentities {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(ConnectorRegistry) private readonly connectors: ConnectorRegistry,
    private readonly policy: LinkingPolicy,
  ) {}

  /**
   * Logto's body names no issuer, of which a provider may have several. Rejects with `guard.invalid_input` where it
   * cannot be told, and where the connector is none of this provider's.
   */
  async at(target: string, { userId, details, ...given }: GivenIdentity): Promise<IdentityAt> {
    const like = await this.anyAt(target, given.connectorId);
    const [issuer, connectorId] = [given.issuer ?? like?.issuer, given.connectorId ?? like?.connectorId];
    if (issuer === undefined || connectorId === undefined) throw unknownIssuer(target);
    await this.assertBrings(connectorId, target);
    const account = { issuer, subject: userId };
    const known = await this.dataSource.manager.findOneBy(Identity, { target, ...account });
    const said =
      known && details === undefined ? detailsAsKnown(known) : { ...details, emailVerified: false };
    return { connectorId, target, identity: { ...said, ...account } };
  }

  private async assertBrings(connectorId: string, target: string): Promise<void> {
    const configured = await this.connectors.find(connectorId);
    if (configured?.instance.target === target || this.policy.isOwnStrategy(connectorId)) return;
    throw new LatchkeyError('guard.invalid_input', `No such connector brings accounts of "${target}".`, {
      data: { issues: [{ path: ['connectorId'], message: 'is no connector of this target' }] },
    });
  }

  private anyAt(target: string, connectorId: string | undefined): Promise<Identity | null> {
    const where = { target, ...(connectorId !== undefined && { connectorId }) };
    const order = { lastUsedAt: 'DESC', id: 'ASC' } as const;
    return this.dataSource.manager.findOne(Identity, { where, order });
  }
}

const unknownIssuer = (target: string): LatchkeyError =>
  new LatchkeyError('guard.invalid_input', `No account of "${target}" is known yet: name its issuer.`, {
    data: { issues: [{ path: ['issuer'], message: 'is required, and so is connectorId' }] },
  });

/** An account that is named without details keeps those that it has. */
const detailsAsKnown = (known: Identity): Omit<ProviderIdentity, 'issuer' | 'subject'> => ({
  name: known.name ?? undefined,
  username: known.username ?? undefined,
  email: known.email ?? undefined,
  emailVerified: known.emailVerified,
  emailAuthoritative: known.emailAuthoritative,
  phone: known.phone ?? undefined,
  phoneVerified: known.phoneVerified,
  avatar: known.avatar ?? undefined,
  rawData: known.details === null ? undefined : (JSON.parse(known.details) as unknown),
});
