import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import * as oidc from 'openid-client';
import type { Outgoing } from '../common/http-client.js';
import { LatchkeyError } from '../common/errors.js';
import { CLOCK_TOLERANCE_SECONDS, SIGNING_ALGORITHMS } from './id-token.js';
import { KeySet } from './key-set.js';

export interface IssuerSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** How the client proves itself at the token endpoint: `Authorization: Basic` or form fields (RFC 6749 2.3.1). */
  readonly authentication: 'basic' | 'post';
  /** How long ago the person may have proved who they are, at most (OpenID Connect Core 3.1.2.1, `max_age`). */
  readonly maxAgeSeconds?: number;
  /** Classes of authentication of which one is demanded (`acr_values`). */
  readonly acrValues?: readonly string[];
}

/** An issuer as its metadata describes it, and our client there. */
export interface Issuer {
  readonly configuration: oidc.Configuration;
  readonly metadata: oidc.ServerMetadata;
  /** The issuer's public keys. A key that is not among those known makes us look again, so keys may change at any time. */
  readonly keys: JWTVerifyGetKey;
  /** The same keys for tokens that come from anybody: looked for again at most every few seconds. */
  readonly publicKeys: KeySet;
}

/** OpenID Connect Discovery 1.0. Plain http is for loopback alone: configuration refuses it in production. */
export async function discoverIssuer(settings: IssuerSettings, http: Outgoing): Promise<Issuer> {
  const url = new URL(settings.issuer);
  const insecure = url.protocol === 'http:';
  const found = await oidc.discovery(url, settings.clientId, undefined, undefined, {
    [oidc.customFetch]: http.fetch,
    execute: insecure ? [oidc.allowInsecureRequests] : [],
  });
  const metadata = plain(found.serverMetadata());
  const jwksUri = usableUrl(metadata, 'jwks_uri');
  usableUrl(metadata, 'authorization_endpoint');
  usableUrl(metadata, 'token_endpoint');
  const configuration = new oidc.Configuration(
    { ...metadata, id_token_signing_alg_values_supported: SIGNING_ALGORITHMS },
    settings.clientId,
    { [oidc.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    clientAuthentication(settings),
  );
  configuration[oidc.customFetch] = http.fetch;
  if (insecure) oidc.allowInsecureRequests(configuration);
  return { configuration, metadata, keys: keySet(jwksUri, http), publicKeys: new KeySet(jwksUri, http) };
}

const clientAuthentication = ({ authentication, clientSecret }: IssuerSettings): oidc.ClientAuth =>
  authentication === 'basic' ? oidc.ClientSecretBasic(clientSecret) : oidc.ClientSecretPost(clientSecret);

/** Judged here, because metadata that has been accepted is kept. */
function usableUrl(
  metadata: oidc.ServerMetadata,
  name: 'authorization_endpoint' | 'token_endpoint' | 'jwks_uri',
): URL {
  const value: unknown = metadata[name];
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const insecure = new URL(metadata.issuer).protocol === 'http:';
  if (url && (url.protocol === 'https:' || (insecure && url.protocol === 'http:'))) return url;
  throw new LatchkeyError('connector.misconfigured', `The provider's metadata has no usable ${name}.`);
}

/**
 * No pause between two looks: only a token that the issuer itself has just handed out makes us look. openid-client's
 * own check waits a minute, in which a changed key locks everybody out.
 */
function keySet(url: URL, http: Outgoing): JWTVerifyGetKey {
  const fetchKeys = async (address: string, init: RequestInit) => {
    const response = await http.fetch(address, init);
    if (response.status < 500) return response;
    throw new LatchkeyError('connector.provider_unavailable', 'The provider has a problem.');
  };
  return createRemoteJWKSet(url, { cooldownDuration: 0, [customFetch]: fetchKeys });
}

/** Metadata without the method that the library hangs onto it. */
const plain = (metadata: oidc.ServerMetadata): oidc.ServerMetadata =>
  JSON.parse(JSON.stringify(metadata)) as oidc.ServerMetadata;
