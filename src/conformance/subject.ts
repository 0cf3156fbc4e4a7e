import type { Type } from '@nestjs/common';
import type { Connector, ProviderIdentity } from '../connectors/connector.js';
import type { ConnectorInstanceOptions } from '../connectors/connector.registry.js';

/** A connector under test, and how its provider answers when all is well. */
export interface ConformanceSubject {
  readonly connector: Type<Connector>;
  /** As for `ConnectorsModule.forRoot`. Its addresses may be anything: nothing leaves the process. */
  readonly instance: Omit<ConnectorInstanceOptions, 'id'>;
  /** Answers a request of the connector; `undefined` is a 404. Whatever is asked has to be answerable at any time. */
  readonly provider: (
    request: ProviderRequest,
  ) => ProviderAnswer | undefined | Promise<ProviderAnswer | undefined>;
  /** Who these answers speak of: `issuer`, `subject` and what else is to be compared. */
  readonly identity: Pick<ProviderIdentity, 'issuer' | 'subject'> & Partial<ProviderIdentity>;
  /** What the provider's redirect carries beside `state`. Default: `{ code }`. */
  readonly callback?: Readonly<Record<string, string>>;
  /** The same when the person cancels. Default: `{ error: 'access_denied' }`. */
  readonly cancel?: Readonly<Record<string, string>>;
  /** False for a provider that takes no PKCE. Default: true. */
  readonly pkce?: boolean;
  /** True for a provider that wants its client secret in an address. Default: false. */
  readonly secretInAddress?: boolean;
  /** The token endpoint's answer once the grant is gone, where the connector can refresh. Default: RFC 6749's `invalid_grant`. */
  readonly grantGone?: ProviderAnswer;
}

/** A request as the provider gets it. */
export interface ProviderRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
  /** The body's fields, where it is a form. */
  readonly form: Readonly<Record<string, string>>;
  /** The secrets of the round trip that is under way. An ID token has to carry the nonce. */
  readonly round: ProviderRound;
}

export interface ProviderRound {
  readonly state: string;
  readonly nonce: string;
  readonly redirectUri: string;
}

/** `json` or `text` is the body. */
export interface ProviderAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
}

/** The code that the default callback carries; no other text of a run is equal to it. */
export const CODE = 'conformance0code0fbe1c';
