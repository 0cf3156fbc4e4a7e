import { Clock } from '../../src/common/clock.js';
import { LatchkeyError } from '../../src/common/errors.js';
import { Secret } from '../../src/common/secret.js';
import type {
  AuthorizationCallback,
  AuthorizationRequest,
  Connector,
  ConnectorInstance,
} from '../../src/connectors/connector.js';
import type { TokenSet } from '../../src/connectors/token-set.js';

export const NOW = 2_000_000_000;

/** It is always the same moment. */
export class StoppedClock extends Clock {
  override now(): number {
    return NOW;
  }
}

/** Credentials that break a client which does not encode them. */
export const CLIENT_SECRET = 'a secret of ours: 100% +sealed';

export const REQUEST: AuthorizationRequest = {
  redirectUri: 'https://app.example/callback/one',
  state: 'the-state-of-this-transaction',
  nonce: 'the-nonce-of-this-transaction',
  codeVerifier: 'the-code-verifier-of-this-one-transaction-only',
};

/** The S256 challenge of the verifier of {@link REQUEST} (RFC 7636 4.2). */
export const CODE_CHALLENGE = '56jGc5loTBTBlBC3pdBKyI2w8V9UAW6YBOYlfGsZVFM';

/** The person has come back with a code, or with whatever else a test says. */
export const callbackWith = (
  parameters: Readonly<Record<string, string>> = { code: 'the-code' },
): AuthorizationCallback => ({
  ...REQUEST,
  parameters: new URLSearchParams({ state: REQUEST.state, ...parameters }),
});

/** What an application has configured; its hosts on loopback may be asked. */
export function instanceOf<Config>(
  { configSchema, descriptor }: Connector<Config>,
  config: Readonly<Record<string, unknown>>,
  enableTokenStorage = false,
): ConnectorInstance<Config> {
  const hosts = Object.values(config).filter(
    (value): value is string => typeof value === 'string' && value.startsWith('http://'),
  );
  return {
    id: 'one',
    target: descriptor.target,
    name: descriptor.name,
    config: configSchema.parse({ clientSecret: CLIENT_SECRET, ...config }),
    enableTokenStorage,
    enabled: true,
    syncProfile: false,
    privateHosts: new Set(hosts.map((url) => new URL(url).host)),
  };
}

/** Client id and secret of an `Authorization: Basic`, each encoded before they were joined (RFC 6749 2.3.1). */
export const credentialsIn = (authorization = ''): string[] =>
  atob(authorization.replace(/^Basic /, ''))
    .split(':')
    .map((part) => decodeURIComponent(part.replaceAll('+', ' ')));

/** What the vault gives to a connector. */
export const held = (accessToken: string, refreshToken?: string): TokenSet => ({
  accessToken: new Secret(accessToken),
  refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
  tokenType: 'Bearer',
});

/** A token set as it can be compared, with its secrets revealed. */
export const revealed = (tokenSet: TokenSet | undefined): unknown =>
  tokenSet && {
    ...tokenSet,
    accessToken: tokenSet.accessToken.reveal(),
    refreshToken: tokenSet.refreshToken?.reveal(),
  };

/** The error that something has to end in. */
export async function refusalOf(outcome: Promise<unknown>): Promise<LatchkeyError> {
  const error = await outcome.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof LatchkeyError) return error;
  throw error;
}
