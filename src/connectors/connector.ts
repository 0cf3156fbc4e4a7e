import type { z } from 'zod';
import type { TokenSet } from './token-set.js';

/**
 * Our adapter to one identity provider: a class registered by `ConnectorsModule`, one instance for all configured
 * instances of the kind. It speaks to the provider and returns facts; it never sees session, database or response.
 * What a provider cannot do is a method that is absent.
 */
export abstract class Connector<Config = unknown> {
  abstract readonly descriptor: ConnectorDescriptor;

  /** The form of an instance's configuration; unknown keys are dropped. */
  abstract readonly configSchema: z.ZodType<Config>;

  /** Where to send the person. Rejects with `connector.*` when the provider's metadata cannot be had. */
  abstract authorizationUrl(instance: ConnectorInstance<Config>, request: AuthorizationRequest): Promise<URL>;

  /** Turns a callback into who it is and what was granted. Rejects with `auth.*` or `connector.*`. */
  abstract exchange(
    instance: ConnectorInstance<Config>,
    callback: AuthorizationCallback,
  ): Promise<Authorization>;

  /**
   * Trades the refresh token for a new access token. What the provider leaves out of its answer is absent, so merge
   * it with what was held. Rejects with `connector.grant_invalid` when only the person can help.
   */
  refresh?(instance: ConnectorInstance<Config>, held: TokenSet): Promise<TokenSet>;

  /** Ends the grant at the provider. */
  revoke?(instance: ConnectorInstance<Config>, held: TokenSet): Promise<void>;

  /** Origins that a form of ours may lead to by redirect: a page's `form-action` has to allow them. */
  abstract formOrigins(instance: ConnectorInstance<Config>): Iterable<string>;
}

/** A connector's data. */
export interface ConnectorDescriptor {
  /** Logto's factory id: `google-universal`. */
  readonly id: string;
  /** Logto's name of the provider in paths: `google`. */
  readonly target: string;
  /** For people: `Google`. */
  readonly name: string;
  /** An access token with less time left than this is refreshed before it is handed out. */
  readonly refreshMarginSeconds: number;
  /** The provider gives a refresh token only when the person consents anew. */
  readonly refreshTokenNeedsConsent?: boolean;
}

/** A connector configured for one client at its provider. */
export interface ConnectorInstance<Config = unknown> {
  /** Part of the callback URL, `/callback/:id`. */
  readonly id: string;
  readonly target: string;
  readonly name: string;
  readonly config: Config;
  /** Whether the vault keeps the provider's tokens. */
  readonly enableTokenStorage: boolean;
  /** Whether people can sign in with it. */
  readonly enabled: boolean;
}

/** What an authorization transaction gives to a connector: secrets of one round trip, each of 256 random bits. */
export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Ask the person again even if the provider remembers the consent: no refresh token is held. */
  readonly consent?: boolean;
}

/** The callback as the browser brought it, beside what the transaction remembers. */
export interface AuthorizationCallback extends AuthorizationRequest {
  readonly parameters: URLSearchParams;
}

export interface Authorization {
  readonly identity: ProviderIdentity;
  readonly tokenSet: TokenSet;
}

/** A person at a provider. `issuer` and `subject` together never change and never repeat. */
export interface ProviderIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly name?: string;
  readonly username?: string;
  readonly email?: string;
  /** True only when the provider vouches for the address. */
  readonly emailVerified: boolean;
  /** An https URL. */
  readonly avatar?: string;
}
