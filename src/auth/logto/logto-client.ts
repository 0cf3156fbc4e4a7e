import { decodeJwt, type JWTPayload } from 'jose';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import { notSignedIn } from '../../common/current-user.js';
import { headersOf } from '../../common/request-of.js';
import { isBearer } from '../access/bearer.js';
import { Secret } from '../../common/secret.js';
import type { Caller } from '../../common/request-of.js';
import type { CurrentSession, Sessions } from '../session/sessions.js';
import type { LogtoAccessTokens } from './logto-access-tokens.js';
import type { HeldTokens, LogtoSessions } from './logto-sessions.js';
import { ORGANIZATIONS_SCOPE, type TokenPurpose } from './logto-tokens.js';
import type { Logto } from './logto.js';

/** Claims of an access token; none of an opaque one. */
export type AccessTokenClaims = JWTPayload & { readonly scope?: string; readonly client_id?: string };

/** A request as it came, with the session by which a guard has let it in, if one has. */
export type ClientCaller = Caller & { readonly latchkeySession?: CurrentSession };

/** What a client works with; {@link LogtoClients} has it. */
export interface LogtoClientParts {
  readonly sessions: Sessions;
  readonly logtoSessions: LogtoSessions;
  readonly accessTokens: LogtoAccessTokens;
  readonly logto: Logto;
}

/**
 * Logto for the user of one request, in the words of Logto's own SDKs. Tokens stay on the server, sealed; they are
 * renewed when they are due, and never by two requests at once. Everything but {@link isAuthenticated} rejects with
 * `auth.unauthorized` where nobody is signed in through Logto.
 */
export class LogtoClient {
  constructor(
    private readonly caller: ClientCaller,
    private readonly parts: LogtoClientParts,
  ) {}

  /** Whether the session is in force, at this moment, and was begun at Logto. */
  async isAuthenticated(): Promise<boolean> {
    const session = this.isByToken() ? undefined : await this.parts.sessions.find(this.caller);
    return session !== undefined && (await this.parts.logtoSessions.has(session.id));
  }

  /** Claims of the newest ID token, verified when it came. */
  async getIdTokenClaims(): Promise<JWTPayload> {
    const { tokens } = await this.held();
    return decodeJwt(tokens.idToken);
  }

  /** Names of the user's roles as of the sign-in or the last new ID token, where the scope `roles` is asked for. */
  async getRoles(): Promise<readonly string[]> {
    const { tokens } = await this.held();
    return tokens.memberships.roles ?? [];
  }

  /**
   * A working access token: for an API by its indicator, for an organisation, for an API within an organisation, or
   * for UserInfo and the Account API where neither is named.
   */
  async getAccessToken(resource?: string, organizationId?: string): Promise<Secret> {
    return new Secret((await this.accessToken({ resource, organizationId })).token);
  }

  /** Claims of that token: an empty object for the opaque one of UserInfo. */
  async getAccessTokenClaims(resource?: string, organizationId?: string): Promise<AccessTokenClaims> {
    const { token } = await this.accessToken({ resource, organizationId });
    return token.split('.').length === 3 ? decodeJwt(token) : {};
  }

  /** A token that says what the user may do in this organisation. Rejects with `auth.access_denied` for one who is no member. */
  getOrganizationToken(organizationId: string): Promise<Secret> {
    return this.getAccessToken(undefined, organizationId);
  }

  getOrganizationTokenClaims(organizationId: string): Promise<AccessTokenClaims> {
    return this.getAccessTokenClaims(undefined, organizationId);
  }

  /** What Logto's UserInfo says now, of the user of this session and of nobody else. */
  async fetchUserInfo(): Promise<Record<string, unknown>> {
    const { token } = await this.accessToken({});
    try {
      return await this.userInfo(token);
    } catch (error) {
      if (!isLatchkeyError(error) || error.code !== 'connector.social_invalid_access_token') throw error;
      return this.userInfo((await this.accessToken({}, token)).token);
    }
  }

  /** Forgets the access tokens, so that the next ones are new, with what has been granted since. */
  async clearAccessToken(): Promise<void> {
    await this.parts.accessTokens.clear((await this.session()).id);
  }

  /** Forgets every token and ends the grant at Logto. The session here goes on, without Logto. */
  async clearAllTokens(): Promise<void> {
    const { id } = await this.session();
    for (const tokens of await this.parts.logtoSessions.take([id])) await this.parts.logto.revoke(tokens);
  }

  private async userInfo(token: string): Promise<Record<string, unknown>> {
    const { row } = await this.held();
    return { ...(await this.parts.logto.relyingParty.userInfo(token, row.subject)) };
  }

  /** `refused` is a token that Logto no longer takes, whatever time it has left. */
  private async accessToken(purpose: TokenPurpose, refused?: string) {
    this.assertConfigured(purpose);
    return this.parts.accessTokens.get((await this.session()).id, purpose, refused);
  }

  private assertConfigured({ resource, organizationId }: TokenPurpose): void {
    const { logto } = this.parts;
    if (resource !== undefined && !logto.apis().includes(resource))
      throw new LatchkeyError('auth.missing_resource', 'AuthModule: this API is not among logto.resources.');
    if (organizationId === '') throw new LatchkeyError('auth.access_denied', 'No organisation is named.');
    if (organizationId !== undefined && !logto.scopes().includes(ORGANIZATIONS_SCOPE))
      throw new LatchkeyError(
        'auth.missing_scope_organizations',
        `AuthModule: organisation tokens need "${ORGANIZATIONS_SCOPE}" among logto.scopes.`,
      );
  }

  private async held(): Promise<HeldTokens> {
    const held = await this.parts.logtoSessions.read((await this.session()).id);
    if (!held) throw new LatchkeyError('auth.unauthorized', 'Nobody is signed in through Logto.');
    return held;
  }

  /** A request that came with an access token is its bearer's, whatever cookie is beside it. */
  private isByToken(): boolean {
    return this.caller.latchkeySession === undefined && isBearer(headersOf(this.caller));
  }

  private async session(): Promise<CurrentSession> {
    const session =
      this.caller.latchkeySession ??
      (this.isByToken() ? undefined : await this.parts.sessions.find(this.caller));
    if (!session) throw notSignedIn();
    return session;
  }
}
