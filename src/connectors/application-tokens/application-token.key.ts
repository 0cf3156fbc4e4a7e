import { digest } from '../../common/random.js';
import type { ApplicationTokenRow } from './application-token.store.js';

/** What a token is granted for. */
export interface ApplicationTokenKey {
  /** The connector instance. */
  readonly connectorId: string;
  /** Everything that the provider is asked with, secrets included: it is kept as one digest. */
  readonly credentials: readonly string[];
}

export const rowOf = ({ connectorId, credentials }: ApplicationTokenKey): ApplicationTokenRow => ({
  connectorId,
  credentials: digest(JSON.stringify(credentials)),
});

/** For maps. */
export const nameOf = ({ connectorId, credentials }: ApplicationTokenRow): string =>
  `${connectorId} ${credentials}`;
