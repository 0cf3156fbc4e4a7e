import { Inject, Injectable, Logger } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '../../common/clock.js';
import { HttpClient } from '../../common/http-client.js';
import { Secret } from '../../common/secret.js';
import { randomToken } from '../../common/random.js';
import type {
  AuthorizationCallback,
  AuthorizationRequest,
  ProviderIdentity,
} from '../../connectors/connector.js';
import { httpsUrl, optionalText, protocolId } from '../../connectors/profile.js';
import { RelyingParty } from '../../connectors/relying-party.js';
import { splitScope } from '../../connectors/token-set.js';
import {
  AUTH_OPTIONS,
  AUTH_PATHS,
  audiencesOf,
  type AuthModuleOptions,
  type AuthPaths,
} from '../auth.options.js';
import { signInParameters } from '../sign-in/sign-in-parameters.js';
import {
  keyOf,
  memberships,
  ORGANIZATIONS_SCOPE,
  type HeldAccessToken,
  type LogtoTokens,
  type RenewableTokens,
  type TokenPurpose,
} from './logto-tokens.js';

/** Logto's name where an identity names its connector. */
export const LOGTO = 'logto';

const ORGANIZATIONS_RESOURCE = 'urn:logto:resource:organizations';
const RESERVED_SCOPES = ['openid', 'offline_access', 'profile'];

const claims = z.object({
  name: optionalText,
  username: optionalText,
  email: optionalText,
  email_verified: z.boolean().optional().catch(undefined),
  picture: httpsUrl,
  sid: protocolId.optional().catch(undefined),
});

export interface LogtoSignIn {
  readonly identity: ProviderIdentity;
  readonly tokens: Secret<LogtoTokens>;
  /** The session at Logto, where its ID token names it. */
  readonly sid?: string;
}

/** Our Logto: sending people there, understanding whom it sends back, and renewing and ending what it granted. */
@Injectable()
export class Logto {
  readonly relyingParty: RelyingParty;
  private readonly logger = new Logger(Logto.name);

  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @Inject(AUTH_PATHS) private readonly paths: AuthPaths,
    private readonly clock: Clock,
    http: HttpClient,
  ) {
    const { appId, appSecret, maxAgeSeconds, acrValues } = options.logto;
    const client = { clientId: appId, clientSecret: appSecret, authentication: 'basic' } as const;
    this.relyingParty = new RelyingParty({ issuer: this.issuer, ...client, maxAgeSeconds, acrValues }, http);
  }

  get issuer(): string {
    return `${this.options.logto.endpoint}/oidc`;
  }

  get redirectUri(): string {
    return `${this.options.baseUrl}/${this.paths.auth}/callback`;
  }

  /** `query` is that of the link which the person followed. */
  async authorizationUrl(request: AuthorizationRequest, query: URLSearchParams): Promise<URL> {
    const { prompt = 'consent', signInParameters: allowed } = this.options.logto;
    const parameters = { prompt, ...signInParameters(query, allowed), resource: this.resources() };
    return this.relyingParty.authorizationUrl(request, this.scopes(), parameters);
  }

  /** Claims of the verified ID token, completed by UserInfo of the same subject. An address and its proof come from one of them. */
  async exchange(callback: AuthorizationCallback): Promise<LogtoSignIn> {
    const now = this.clock.now();
    const { tokens, claims: verified, idToken } = await this.relyingParty.redeem(callback);
    const userInfo = await this.relyingParty.userInfo(tokens.access_token, verified.sub);
    const { email, email_verified } = claims.parse(userInfo.email === undefined ? verified : userInfo);
    const all = { ...verified, ...userInfo };
    const { name, username, picture } = claims.parse(all);
    const { sid } = claims.parse(verified);
    const emailVerified = email !== undefined && email_verified === true;
    const account = { issuer: verified.iss, subject: verified.sub };
    return {
      sid,
      identity: { ...account, name, username, email, emailVerified, avatar: picture },
      tokens: new Secret({
        idToken,
        refreshToken: tokens.refresh_token,
        accessTokens: { [keyOf({})]: heldAccessToken(tokens, now) },
        memberships: memberships.parse(all),
        asked: { resources: this.apis(), scopes: this.scopes() },
      }),
    };
  }

  /**
   * Trades the refresh token for an access token for this purpose; what the answer leaves out stays as it was. Rejects
   * with `connector.grant_invalid` where Logto has ended the grant, with `auth.access_denied` where the person is not a
   * member of the organisation.
   */
  async refresh(held: RenewableTokens, subject: string, purpose: TokenPurpose): Promise<LogtoTokens> {
    const now = this.clock.now();
    const { resource, organizationId } = purpose;
    const parameters = {
      ...(resource !== undefined && { resource }),
      ...(organizationId !== undefined && { organization_id: organizationId }),
    };
    const tokens = await this.relyingParty.refresh(held.refreshToken, parameters);
    const { id_token: idToken, refresh_token: refreshToken = held.refreshToken } = tokens;
    const renewed = { ...held, refreshToken };
    const answered = tokens.claims();
    const mayKeep = idToken !== undefined && answered?.sub === subject && (await this.isSigned(idToken));
    return {
      ...renewed,
      ...(mayKeep && {
        idToken,
        memberships: { ...held.memberships, ...stated(memberships.parse(answered)) },
      }),
      accessTokens: { ...held.accessTokens, [keyOf(purpose)]: heldAccessToken(tokens, now) },
    };
  }

  /** Ends the grant. Logto being away is logged: here everything is over already. */
  async revoke({ refreshToken }: LogtoTokens): Promise<void> {
    try {
      if (refreshToken) await this.relyingParty.revoke(refreshToken);
    } catch (error) {
      this.logger.warn(`A grant could not be ended at Logto: ${String(error)}`);
    }
  }

  /** Ends the grant, then says where the browser ends Logto's own session. Logto being away prevents nothing. */
  async signOutUrl(tokens: LogtoTokens): Promise<string | undefined> {
    await this.revoke(tokens);
    const { baseUrl, afterSignOut = '/' } = this.options;
    try {
      const url = await this.relyingParty.endSessionUrl({
        id_token_hint: tokens.idToken,
        post_logout_redirect_uri: `${baseUrl}${afterSignOut}`,
        state: randomToken(),
      });
      return url?.href;
    } catch (error) {
      this.logger.warn(`Signed out here, but Logto could not be told: ${String(error)}`);
      return undefined;
    }
  }

  /** What is asked for at every sign-in. */
  scopes(): string[] {
    const { scopes = ['email'] } = this.options.logto;
    return [...new Set([...RESERVED_SCOPES, ...scopes])];
  }

  /** The APIs that access tokens may be asked for (RFC 8707). */
  apis(): string[] {
    const { logto } = this.options;
    return [...new Set([...(logto.resources ?? []), ...audiencesOf(logto)])];
  }

  private resources(): string[] {
    const organizations = this.scopes().includes(ORGANIZATIONS_SCOPE) ? [ORGANIZATIONS_RESOURCE] : [];
    return [...this.apis(), ...organizations];
  }

  private async isSigned(idToken: string): Promise<boolean> {
    try {
      await this.relyingParty.assertSigned(idToken);
      return true;
    } catch (error) {
      this.logger.warn(`A renewed ID token of Logto is not kept: ${String(error)}`);
      return false;
    }
  }
}

/** Without `expires_in` the token is used at once and not kept. */
const heldAccessToken = (
  {
    access_token: token,
    scope,
    expires_in: seconds = 0,
  }: { access_token: string; scope?: string; expires_in?: number },
  now: number,
): HeldAccessToken => ({ token, scope: splitScope(scope ?? ''), obtainedAt: now, expiresAt: now + seconds });

/** What is said at all: a token that is silent about something takes nothing back. */
const stated = <Facts extends object>(facts: Facts): Partial<Facts> =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Partial<Facts>;
