import type { z } from 'zod';
import type { ProviderMessage, ProviderNotification } from './notifications/notification.js';
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
   * it with what was held. Rejects with `connector.grant_invalid` when only the person can help. `subject` is the account
   * that was granted for: an answer that speaks of another one is refused with `connector.invalid_response`.
   */
  refresh?(instance: ConnectorInstance<Config>, held: TokenSet, subject?: string): Promise<TokenSet>;

  /**
   * Asks the provider whether an access token is still good. Rejects with `connector.grant_invalid` where it is not. The
   * vault asks now and then about one that has no end, see {@link ConnectorDescriptor.revalidateSeconds}, and about any
   * when it hears that a grant may be over.
   */
  validate?(instance: ConnectorInstance<Config>, held: TokenSet): Promise<void>;

  /**
   * Ends the grant at the provider. Rejects with `connector.grant_invalid` where that has ended already; resolves with
   * `unsupported` where the provider of this instance knows no way, and it goes on.
   */
  revoke?(instance: ConnectorInstance<Config>, held: TokenSet): Promise<void | 'unsupported'>;

  /**
   * What the provider tells us of its own accord, proven to come from it; nothing where that concerns nobody. Rejects with
   * `notification.signature_invalid` or `notification.invalid` for anything else, with `notification.unsupported` at an
   * address that is not for it, and with `connector.*` where the provider's keys cannot be had.
   */
  notifications?(
    instance: ConnectorInstance<Config>,
    message: ProviderMessage,
  ): Promise<readonly ProviderNotification[]>;

  /**
   * Asks the provider whether it is there and takes our credentials, on behalf of nobody. Rejects with `connector.*`:
   * `connector.misconfigured` when it refuses them.
   */
  verifyCredentials?(instance: ConnectorInstance<Config>): Promise<void>;

  /** How a sign-in page shows this provider's own prompt (Google One Tap); nothing where it is switched off. */
  oneTap?(instance: ConnectorInstance<Config>): OneTapPrompt | undefined;

  /**
   * Who a credential speaks of that the provider's prompt has posted to us. It grants no access token. Rejects with
   * `auth.id_token_invalid`, and with `auth.access_denied` for a person whom the configuration does not let in.
   */
  verifyCredential?(
    instance: ConnectorInstance<Config>,
    credential: string,
    nonce: string,
  ): Promise<ProviderIdentity>;

  /**
   * Hosts of the provider's API, to which an access token may be sent, in the form of `URL.host`; `*.` before one stands
   * for every host below it. Without it, tokens are sent nowhere but by the connector itself.
   */
  apiHosts?(instance: ConnectorInstance<Config>): Iterable<string>;

  /** Origins that a form of ours may lead to by redirect: a page's `form-action` has to allow them. */
  abstract formOrigins(instance: ConnectorInstance<Config>): Iterable<string>;
}

/** A script of the provider that offers the accounts of the browser on our own page, and how it is to behave. */
export interface OneTapPrompt {
  readonly scriptUrl: string;
  readonly clientId: string;
  readonly autoSelect: boolean;
  readonly closeOnTapOutside: boolean;
  readonly itpSupport: boolean;
}

/** A connector's data. */
export interface ConnectorDescriptor {
  /** Logto's factory id: `google-universal`. */
  readonly id: string;
  /** Logto's name of the provider in paths: `google`. A standard connector's instances may each have their own. */
  readonly target: string;
  /** For people: `Google`. */
  readonly name: string;
  /** One sentence for whoever sets it up. */
  readonly description?: string;
  /** Of no provider in particular: the target is chosen for each instance. Default: false. */
  readonly isStandard?: boolean;
  /** Whether there are tokens of a person that the vault could keep. Default: true. */
  readonly isTokenStorageSupported?: boolean;
  /** Fields of the configuration that are sealed at rest and never shown. Default: `clientSecret`. */
  readonly secretFields?: readonly string[];
  /** The configuration as a form, for consoles. */
  readonly formItems?: readonly ConnectorFormItem[];
  /** An access token with less time left than this is refreshed before it is handed out. */
  readonly refreshMarginSeconds: number;
  /** Scopes by names that the provider takes and does not answer with, and those that it answers with. */
  readonly scopeAliases?: Readonly<Record<string, string>>;
  /** Scopes that include others, of which the provider then says nothing in its answer. */
  readonly scopeInclusions?: Readonly<Record<string, readonly string[]>>;
  /** What an access token's lifetime is taken for where a refresh token came with it and no lifetime. Default: an hour. */
  readonly assumedLifetimeSeconds?: number;
  /** How long an access token without an end is believed to be good before `validate` is asked. Default: an hour. */
  readonly revalidateSeconds?: number;
  /** A refresh token is good as often as one likes, so nothing is lost with an answer. Default: false. */
  readonly refreshTokenIsReusable?: boolean;
  /** The provider gives a refresh token only when the person consents anew. */
  readonly refreshTokenNeedsConsent?: boolean;
  /** There are no refresh tokens: while it is alive, the access token itself is traded for a new one. */
  readonly refreshesLivingAccessToken?: boolean;
  /**
   * Whether a token may be renewed before anybody asks for it. Not where each renewal is a risk that only a reader's need
   * is worth; the grant itself is kept alive all the same. Default: true.
   */
  readonly renewsInBackground?: boolean;
}

/** One field of a connector's configuration, in Logto's words. */
export interface ConnectorFormItem {
  readonly key: string;
  readonly label: string;
  readonly type: 'Text' | 'Number' | 'MultilineText' | 'Switch' | 'Select' | 'MultiSelect' | 'Json';
  readonly required?: boolean;
  readonly placeholder?: string;
  readonly description?: string;
  readonly defaultValue?: unknown;
  readonly selectItems?: readonly { readonly value: string; readonly title?: string }[];
  readonly isConfidential?: boolean;
}

/** A connector configured for one client at its provider. Its object stays the same until the configuration changes. */
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
  /** Whether name and picture are taken over at every sign-in, not only when the user is created. */
  readonly syncProfile: boolean;
  /** Hosts (`name:port` where the port is not the scheme's own) at private addresses that requests for it may go to. */
  readonly privateHosts: ReadonlySet<string>;
}

/** What an authorization transaction gives to a connector: secrets of one round trip, each of 256 random bits. */
export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Ask the person again even if the provider remembers the consent: no refresh token is held. */
  readonly consent?: boolean;
  /** Asked for beside what the configuration asks for: incremental authorization. */
  readonly scope?: readonly string[];
  /** The browser that will be sent there: WeCom's own has a page of its own. */
  readonly userAgent?: string;
  /** Who the person says they are. */
  readonly loginHint?: string;
}

/** The callback as the browser brought it, beside what the transaction remembers. */
export interface AuthorizationCallback extends AuthorizationRequest {
  readonly parameters: URLSearchParams;
}

export interface Authorization {
  readonly identity: ProviderIdentity;
  /** Absent where the provider grants nothing for this person that could be kept. */
  readonly tokenSet?: TokenSet;
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
  /** Whether the provider is to be believed when it vouches: accounts may be joined by such an address. Default: false. */
  readonly emailAuthoritative?: boolean;
  /** In international form, `+` and digits (E.164). */
  readonly phone?: string;
  /** Default: false. */
  readonly phoneVerified?: boolean;
  /** An https URL. */
  readonly avatar?: string;
  /** The profile as the provider sent it, without anything that grants access. Kept as the identity's details. */
  readonly rawData?: unknown;
}
