import type { ConfiguredConnector } from '../connectors/connector.registry.js';
import type { TokenSet } from '../connectors/token-set.js';
import type { Attempt } from './refresh-lease.js';
import type { StoredSecret } from './stored-secret.entity.js';

/** What the caller wants of the token set beyond that it works. */
export interface Need {
  /** So long it is to live at least, as far as the provider gives such. Default: 0. */
  readonly minTtlSeconds?: number;
  /** {@link digest} of an access token that the provider's API does not take any more. */
  readonly refused?: string;
  /** Renewed as soon as its time has come, although it is good still; a failure is told all the same. */
  readonly isDue?: true;
}

/** What can be asked of a provider about a token set. */
export interface ProviderTask {
  /** The answer to merge, or nothing where the token set stays as it is. */
  readonly run: () => Promise<TokenSet | undefined>;
  /** Whether nothing is lost when the answer is. */
  readonly isRepeatable: boolean;
}

/** The same, under way. */
export interface Work extends ProviderTask {
  readonly attempt: Attempt;
  readonly held: TokenSet;
  readonly need: Need;
}

/** Nothing where the provider has no way to renew or to confirm it. */
export function taskFor(
  { connector, instance }: ConfiguredConnector,
  { subject }: StoredSecret,
  held: TokenSet,
): ProviderTask | undefined {
  const { refreshesLivingAccessToken, refreshTokenIsReusable } = connector.descriptor;
  if (connector.refresh && (held.refreshToken ?? refreshesLivingAccessToken)) {
    const isRepeatable = refreshTokenIsReusable === true || !held.refreshToken;
    return { run: async () => connector.refresh?.(instance, held, subject), isRepeatable };
  }
  if (connector.validate && held.expiresAt === undefined)
    return {
      run: async () => void (await connector.validate?.(instance, held)),
      isRepeatable: true,
    };
  return undefined;
}
