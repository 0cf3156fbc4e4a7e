import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { HttpClient } from '../../common/http-client.js';
import { randomToken } from '../../common/random.js';
import type {
  AuthorizationCallback,
  AuthorizationRequest,
  ProviderIdentity,
} from '../../connectors/connector.js';
import { httpsUrl, optionalText } from '../../connectors/profile.js';
import { RelyingParty } from '../../connectors/relying-party.js';
import type { Sealed } from '../../sealing/sealed.js';
import { Sealer, type Binding } from '../../sealing/sealer.js';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';
import { signInParameters } from '../sign-in/sign-in-parameters.js';
import { SessionTokens } from './session-tokens.entity.js';

/** Logto's name where an identity names its connector. */
export const LOGTO = 'logto';

const RESERVED_SCOPES = ['openid', 'offline_access', 'profile'];

const claims = z.object({
  name: optionalText,
  username: optionalText,
  email: optionalText,
  email_verified: z.boolean().optional().catch(undefined),
  picture: httpsUrl,
});

const tokens = z.object({ idToken: z.string(), refreshToken: z.string().optional() });

export type LogtoTokens = z.output<typeof tokens>;

export interface LogtoSignIn {
  readonly identity: ProviderIdentity;
  readonly tokens: LogtoTokens;
}

/** Our Logto: sending people there, understanding whom it sends back, and ending what it granted. */
@Injectable()
export class Logto {
  readonly relyingParty: RelyingParty;
  private readonly logger = new Logger(Logto.name);

  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    http: HttpClient,
  ) {
    const { endpoint, appId, appSecret } = options.logto;
    const settings = {
      issuer: `${endpoint}/oidc`,
      clientId: appId,
      clientSecret: appSecret,
      authentication: 'basic',
    } as const;
    this.relyingParty = new RelyingParty(settings, http);
  }

  get redirectUri(): string {
    return `${this.options.baseUrl}/auth/callback`;
  }

  /** `query` is that of the link which the person followed. */
  async authorizationUrl(request: AuthorizationRequest, query: URLSearchParams): Promise<URL> {
    const { scopes = ['email'], signInParameters: allowed } = this.options.logto;
    const parameters = signInParameters(query, allowed);
    const scope = [...new Set([...RESERVED_SCOPES, ...scopes])];
    return this.relyingParty.authorizationUrl(request, scope, { prompt: 'consent', ...parameters });
  }

  /** Claims of the verified ID token, completed by UserInfo of the same subject. An address and its proof come from one of them. */
  async exchange(callback: AuthorizationCallback): Promise<LogtoSignIn> {
    const { tokens, claims: verified, idToken } = await this.relyingParty.redeem(callback);
    const userInfo = await this.relyingParty.userInfo(tokens.access_token, verified.sub);
    const { email, email_verified } = claims.parse(userInfo.email === undefined ? verified : userInfo);
    const { name, username, picture } = claims.parse({ ...verified, ...userInfo });
    const emailVerified = email !== undefined && email_verified === true;
    const account = { issuer: verified.iss, subject: verified.sub };
    return {
      identity: { ...account, name, username, email, emailVerified, avatar: picture },
      tokens: { idToken, refreshToken: tokens.refresh_token },
    };
  }

  /** The tokens in the form in which a session keeps them. */
  seal(sessionId: string, held: LogtoTokens): Promise<Sealed> {
    return this.sealer.seal(JSON.stringify(held), bindingOf(sessionId));
  }

  /** The tokens of a session that signed in through Logto. Unreadable ones are as good as none: they are about to end. */
  async tokensOf(sessionId: string): Promise<LogtoTokens | undefined> {
    const row = await this.dataSource.getRepository(SessionTokens).findOneBy({ sessionId });
    if (!row) return undefined;
    try {
      return tokens.parse(JSON.parse(await this.sealer.open(row.sealed, bindingOf(sessionId))));
    } catch {
      this.logger.error(`Logto's tokens of session ${sessionId} do not open`);
      return undefined;
    }
  }

  /** Ends the grant, then says where the browser ends Logto's own session. Logto being away prevents nothing. */
  async signOutUrl({ idToken, refreshToken }: LogtoTokens): Promise<string | undefined> {
    try {
      if (refreshToken) await this.relyingParty.revoke(refreshToken);
      const url = await this.relyingParty.endSessionUrl({
        id_token_hint: idToken,
        post_logout_redirect_uri: `${this.options.baseUrl}/`,
        state: randomToken(),
      });
      return url?.href;
    } catch (error) {
      this.logger.warn(`Signed out here, but Logto could not be told: ${String(error)}`);
      return undefined;
    }
  }
}

const bindingOf = (sessionId: string): Binding => ['session-tokens', sessionId];
