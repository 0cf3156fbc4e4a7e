import type { IncomingHttpHeaders } from 'node:http';

/** To which of our addresses it came; each is entered at the provider for its purpose. */
export type ProviderMessageKind = 'event' | 'deauthorize' | 'data-deletion';

/** A request by which a provider, or somebody else, tells us something. Nothing of it has been believed yet. */
export interface ProviderMessage {
  readonly kind: ProviderMessageKind;
  readonly headers: IncomingHttpHeaders;
  /** The bytes as they came: signatures are over these. */
  readonly body: Buffer;
}

/** What is over: the token sets of the account, our sessions that began with it, or all that we have of it. */
export type Ending = 'tokens' | 'sessions' | 'account';

/**
 * One thing that a provider has said, proven to come from it. What has neither an `id` nor a time may be an old one that
 * somebody sends again: token sets are not over by that alone, where the connector can `validate` them.
 */
export interface ProviderNotification {
  /** A stable name, for the audit log: `tokens_revoked`. */
  readonly event: string;
  readonly ends: readonly Ending[];
  /** Names the event, where the provider does: it has its effect once, however often it comes. */
  readonly id?: string;
  /** When the provider said so, in seconds since the epoch. */
  readonly issuedAt?: number;
  /** Which account, as in the identities that the connector brings. */
  readonly issuer?: string;
  readonly subject?: string;
  /** Or which refresh token, by one of its marks: see `refresh-token-marks.ts`. */
  readonly refreshToken?: string;
}
