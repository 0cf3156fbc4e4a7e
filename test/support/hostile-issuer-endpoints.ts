import { createHash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { JWTPayload } from 'jose';
import { json, type Recorded, type TextReply } from './hostile-issuer-http.js';
import { signed, type SigningKey, type UnsignedToken } from './hostile-issuer-keys.js';

export interface Client {
  readonly id: string;
  readonly secret: string;
  readonly authentication: 'basic' | 'post';
}

export interface Person {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

export type Endpoint =
  'discovery' | 'jwks' | 'authorization' | 'token' | 'userinfo' | 'revocation' | 'endSession';

/** Relative to the issuer. */
export type Paths = Readonly<Record<Endpoint, string>>;

export const PATHS: Paths = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/jwks',
  authorization: '/auth',
  token: '/token',
  userinfo: '/me',
  revocation: '/token/revocation',
  endSession: '/session/end',
};

interface Grant {
  readonly person: Person;
  readonly request: URLSearchParams;
}

/** What an issuer says when nobody bends it. */
export class IssuerEndpoints {
  /** Every code and token that was ever handed out: none of them may be seen elsewhere. */
  readonly secrets: string[] = [];
  private readonly codes = new Map<string, Grant>();
  private readonly accessTokens = new Map<string, Person>();

  constructor(
    readonly issuer: string,
    private readonly client: Client,
    /** Signs from now on; another one may be put here at any time. */
    public key: SigningKey,
    private readonly paths: Paths,
  ) {}

  discovery(): Record<string, unknown> {
    return {
      issuer: this.issuer,
      authorization_endpoint: this.issuer + this.paths.authorization,
      token_endpoint: this.issuer + this.paths.token,
      jwks_uri: this.issuer + this.paths.jwks,
      userinfo_endpoint: this.issuer + this.paths.userinfo,
      revocation_endpoint: this.issuer + this.paths.revocation,
      end_session_endpoint: this.issuer + this.paths.endSession,
      authorization_response_iss_parameter_supported: true,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [this.key.algorithm],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: [`client_secret_${this.client.authentication}`],
    };
  }

  /** What the callback carries; the person agrees at once. */
  authorize(request: URLSearchParams, person: Person): URLSearchParams {
    const code = this.secret();
    this.codes.set(code, { person, request });
    return new URLSearchParams({ code, state: request.get('state') ?? '', iss: this.issuer });
  }

  /** The grant of a code, which is spent by asking; or what is wrong with the request (RFC 6749 5.2). */
  redeem({ form, headers }: Recorded): Grant | TextReply {
    if (!this.isClient(form, headers.authorization)) return json({ error: 'invalid_client' }, 401);
    if (form.get('grant_type') !== 'authorization_code')
      return json({ error: 'unsupported_grant_type' }, 400);
    const code = form.get('code') ?? '';
    const grant = this.codes.get(code);
    this.codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const matches =
      grant?.request.get('code_challenge') === challenge &&
      grant.request.get('redirect_uri') === form.get('redirect_uri');
    return grant && matches ? grant : json({ error: 'invalid_grant' }, 400);
  }

  /** The ID token of a grant before it is signed, and the access token that it goes with. */
  issue({ person, request }: Grant): { accessToken: string; token: UnsignedToken } {
    const accessToken = this.secret();
    this.accessTokens.set(accessToken, person);
    const now = Math.floor(Date.now() / 1000);
    const claims: JWTPayload = {
      ...person,
      iss: this.issuer,
      aud: this.client.id,
      nonce: request.get('nonce') ?? undefined,
      at_hash: leftHalf(this.key.algorithm, accessToken),
      iat: now,
      exp: now + 3600,
    };
    const { algorithm: alg, kid } = this.key;
    return { accessToken, token: { header: { alg, kid }, claims } };
  }

  /** A logout token (OpenID Connect Back-Channel Logout 1.0, 2.4) of a session, a person or both, before it is signed. */
  logoutToken(about: { readonly sub?: string; readonly sid?: string }): UnsignedToken {
    const now = Math.floor(Date.now() / 1000);
    const { algorithm: alg, kid } = this.key;
    const claims: JWTPayload = {
      ...about,
      iss: this.issuer,
      aud: this.client.id,
      iat: now,
      exp: now + 120,
      jti: randomBytes(16).toString('hex'),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    };
    return { header: { alg, kid, typ: 'logout+jwt' }, claims };
  }

  sign(token: UnsignedToken): Promise<string> {
    return signed(token, token.claims, this.key.privateKey);
  }

  tokens(accessToken: string, idToken: unknown, { request }: Grant): TextReply {
    return json({
      access_token: accessToken,
      refresh_token: this.secret(),
      id_token: idToken,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: request.get('scope'),
    });
  }

  userInfo({ headers }: Recorded): TextReply {
    const person = this.accessTokens.get(/^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '');
    return person ? json(person) : json({ error: 'invalid_token' }, 401);
  }

  private isClient(form: URLSearchParams, authorization: string | undefined): boolean {
    const { id, secret, authentication } = this.client;
    return authentication === 'basic'
      ? isDeepStrictEqual(basicCredentials(authorization), [id, secret]) && !form.has('client_secret')
      : form.get('client_id') === id && form.get('client_secret') === secret && authorization === undefined;
  }

  private secret(): string {
    const secret = randomBytes(24).toString('base64url');
    this.secrets.push(secret);
    return secret;
  }
}

/** Client id and secret, each form-encoded before they were joined (RFC 6749 2.3.1). */
const basicCredentials = (authorization = ''): string[] =>
  Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
    .toString()
    .split(':')
    .map((part) => new URLSearchParams(`part=${part}`).get('part') ?? '');

/** `at_hash`, OpenID Connect Core 3.1.3.6. */
function leftHalf(algorithm: string, value: string): string {
  const hash = createHash(`sha${algorithm.slice(2)}`)
    .update(value)
    .digest();
  return hash.subarray(0, hash.length / 2).toString('base64url');
}
