import { digest } from '../common/random.js';
import type { ProviderIdentity } from '../connectors/connector.js';

/** Which account at which provider, and what the provider says of its owner. */
export interface IdentityAt {
  readonly connectorId: string;
  readonly target: string;
  readonly identity: ProviderIdentity;
  /** Whether name, picture and username follow the provider at each sign-in. Default: false. */
  readonly syncProfile?: boolean;
}

/** The account in the form in which the audit log names it. */
export const accountInLog = ({ connectorId, target, identity: { issuer, subject } }: AccountAt) => ({
  connectorId,
  target,
  subject: digest(JSON.stringify([target, issuer, subject])),
});

/** The same in the form in which events name it. */
export const accountInEvent = (
  { connectorId, target }: Pick<IdentityAt, 'connectorId' | 'target'>,
  identityId: string,
) => ({
  connectorId,
  target,
  identityId,
});

type AccountAt = Pick<IdentityAt, 'connectorId' | 'target'> & {
  readonly identity: Pick<ProviderIdentity, 'issuer' | 'subject'>;
};
