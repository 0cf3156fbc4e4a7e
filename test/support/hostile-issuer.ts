import type { JWK, JWTPayload } from 'jose';
import {
  IssuerEndpoints,
  PATHS,
  type Client,
  type Endpoint,
  type Paths,
  type Person,
} from './hostile-issuer-endpoints.js';
import {
  json,
  serve,
  type HttpServer,
  type Reaction,
  type Recorded,
  type TextReply,
} from './hostile-issuer-http.js';
import { signingKey, type SigningAlgorithm, type UnsignedToken } from './hostile-issuer-keys.js';

/** How an issuer departs from the specifications. What is absent is as it should be. */
export interface Bends {
  /** Changes the claims of the ID token before it is signed. */
  readonly claims?: (claims: JWTPayload) => void;
  /** Changes the header of the ID token before it is signed. */
  readonly header?: (header: Record<string, unknown>) => void;
  /** Puts something else where the ID token stands. */
  readonly idToken?: (token: UnsignedToken, good: () => Promise<string>) => unknown;
  /** Changes what the key set lists. */
  readonly keys?: (keys: JWK[]) => unknown;
  /** Changes what the callback carries. */
  readonly callback?: (parameters: URLSearchParams) => void;
  /** Replaces a whole answer, late or never if need be. */
  readonly answers?: Partial<Record<Endpoint, (good: TextReply) => Reaction | Promise<Reaction>>>;
}

export interface HostileIssuerOptions {
  /** Where the issuer lives below its origin; Logto's is `/oidc`. */
  readonly path?: string;
  readonly authentication?: Client['authentication'];
  readonly algorithm?: SigningAlgorithm;
  /** Where the endpoints are, for a client that has to find them. */
  readonly paths?: Partial<Paths>;
}

/** Credentials of the kind that break a client which does not encode them (RFC 6749 2.3.1). */
export const CLIENT = { id: 'latchkey:client', secret: 'a client secret: 100% +test' } as const;

/** A scripted OpenID Connect issuer on loopback: a good one, until it is bent. Keeps every request that it gets. */
export class HostileIssuer {
  /** Who signs in next. */
  person: Person = { sub: 'nobody in particular' };
  readonly client: Client;
  readonly requests: (Recorded & { readonly endpoint: Endpoint })[] = [];
  private endpoints: IssuerEndpoints;
  private server: HttpServer;
  private bends: Bends = {};
  private changes = 0;
  private readonly paths: Paths;

  private constructor(private readonly options: HostileIssuerOptions) {
    const { authentication = 'basic', paths } = options;
    this.client = { ...CLIENT, authentication };
    this.paths = { ...PATHS, ...paths };
  }

  static async start(options: HostileIssuerOptions = {}): Promise<HostileIssuer> {
    const issuer = new HostileIssuer(options);
    issuer.server = await serve((request) => issuer.answer(request));
    const url = issuer.server.origin + (options.path ?? '');
    issuer.endpoints = new IssuerEndpoints(
      url,
      issuer.client,
      await signingKey(options.algorithm ?? 'ES384'),
      issuer.paths,
    );
    return issuer;
  }

  /** The issuer identifier. */
  get url(): string {
    return this.endpoints.issuer;
  }

  /** Settings of a backend whose Logto this is; needs the path `/oidc`. */
  get logto() {
    const { id: appId, secret: appSecret } = this.client;
    return { endpoint: this.server.origin, appId, appSecret };
  }

  /** Settings of a backend whose Google this is; needs client authentication `post`. */
  get google() {
    const { id: clientId, secret: clientSecret } = this.client;
    return { issuer: this.url, clientId, clientSecret, enableTokenStorage: true };
  }

  /** Every code and token that was handed out. */
  get secrets(): readonly string[] {
    return this.endpoints.secrets;
  }

  /** Departs from the specifications like this from now on, and in no other way. */
  bend(bends: Bends): void {
    this.bends = bends;
  }

  behave(): void {
    this.bend({});
  }

  /** Signs with a new key from now on, and lists no other. */
  async changeKey(algorithm: SigningAlgorithm): Promise<void> {
    this.changes += 1;
    this.endpoints.key = await signingKey(algorithm, `change ${this.changes}`);
  }

  /** What the issuer tells a client when a session of its own has ended, not signed yet. */
  logoutToken(about: { readonly sub?: string; readonly sid?: string }): UnsignedToken {
    return this.endpoints.logoutToken(about);
  }

  /** With the key that signs at the moment. */
  sign(token: UnsignedToken): Promise<string> {
    return this.endpoints.sign(token);
  }

  requestsTo(endpoint: Endpoint): Recorded[] {
    return this.requests.filter((request) => request.endpoint === endpoint);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private async answer(request: Recorded): Promise<Reaction> {
    const endpoint = (Object.keys(PATHS) as Endpoint[]).find(
      (name) => request.path === (this.options.path ?? '') + this.paths[name],
    );
    if (!endpoint) return json({ error: 'not_found' }, 404);
    this.requests.push({ ...request, endpoint });
    const good = await this.handlers[endpoint](request);
    return this.bends.answers?.[endpoint]?.(good) ?? good;
  }

  private readonly handlers: Record<Endpoint, (request: Recorded) => TextReply | Promise<TextReply>> = {
    discovery: () => json(this.endpoints.discovery()),
    jwks: () => {
      const { jwk } = this.endpoints.key;
      return json({ keys: this.bends.keys?.([jwk]) ?? [jwk] });
    },
    authorization: ({ query }) => this.authorize(query),
    token: (request) => this.token(request),
    userinfo: (request) => this.endpoints.userInfo(request),
    revocation: () => json({}),
    endSession: ({ query }) => redirect(query.get('post_logout_redirect_uri') ?? this.url),
  };

  private authorize(query: URLSearchParams): TextReply {
    const wanted = { response_type: 'code', client_id: this.client.id, code_challenge_method: 'S256' };
    const wrong = Object.entries(wanted).filter(([name, value]) => query.get(name) !== value);
    const redirectUri = query.get('redirect_uri');
    if (wrong.length > 0 || redirectUri === null) return json({ error: 'invalid_request' }, 400);
    const parameters = this.endpoints.authorize(query, this.person);
    this.bends.callback?.(parameters);
    return redirect(`${redirectUri}?${parameters.toString()}`);
  }

  private async token(request: Recorded): Promise<TextReply> {
    const grant = this.endpoints.redeem(request);
    if ('status' in grant) return grant;
    const { accessToken, token } = this.endpoints.issue(grant);
    this.bends.claims?.(token.claims);
    this.bends.header?.(token.header);
    const sign = () => this.endpoints.sign(token);
    const idToken: unknown = this.bends.idToken ? await this.bends.idToken(token, sign) : await sign();
    return this.endpoints.tokens(accessToken, idToken, grant);
  }
}

const redirect = (location: string): TextReply => ({ status: 303, headers: { location }, body: '' });
