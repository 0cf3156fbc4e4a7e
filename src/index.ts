/** Public API of `nest-latchkey`. */
export { anyOf } from './auth/access/any-of.js';
export type { AccessToken } from './auth/access/access-token.js';
export { AccessTokenGuard, type RequestWithAccessToken } from './auth/access/access-token.guard.js';
export { AccessTokens } from './auth/access/access-tokens.js';
export {
  CurrentAccessToken,
  CurrentOrganization,
  Organization,
  OrganizationScopes,
  Roles,
  Scopes,
} from './auth/access/requirements.js';
export { SessionOrAccessTokenGuard } from './auth/access/session-or-access-token.guard.js';
export { AuthModule, type AuthModuleExtras } from './auth/auth.module.js';
export {
  AUTH_OPTIONS,
  type AuthModuleOptions,
  type AuthPaths,
  type CookieOptions,
  type LogtoOptions,
  type SessionOptions,
} from './auth/auth.options.js';
export { LogtoClient, type AccessTokenClaims } from './auth/logto/logto-client.js';
export { LogtoClients } from './auth/logto/logto-clients.js';
export { Logto, type LogtoSignIn } from './auth/logto/logto.js';
export { CSRF_FIELD, CsrfGuard, CsrfTokens } from './auth/session/csrf.js';
export { SessionGuard, type RequestWithSession } from './auth/session/session.guard.js';
export { DatabaseSessionStore, SessionStore, type SessionRecord } from './auth/session/session.store.js';
export { Sessions, type CurrentSession } from './auth/session/sessions.js';
export { UserSerializer } from './auth/session/user.serializer.js';
export {
  AuthorizationTransactions,
  type EndedTransaction,
  type TransactionStart,
} from './auth/sign-in/authorization-transactions.js';
export { BrowserBinding } from './auth/sign-in/browser-binding.js';
export { LogtoStrategy, type LogtoUser } from './auth/sign-in/logto.strategy.js';
export { SignInService, type Arrival } from './auth/sign-in/sign-in.service.js';
export { SocialService, type SocialStart } from './auth/sign-in/social.service.js';
export { Clock } from './common/clock.js';
export { CurrentUser, OptionalAuth, OptionalUser, Public } from './common/current-user.js';
export { ErrorFilter, ErrorPage, EveryErrorFilter, type Problem } from './common/error.filter.js';
export { isLatchkeyError, LatchkeyError, type ErrorCode } from './common/errors.js';
export { HttpClient } from './common/http-client.js';
export { Secret } from './common/secret.js';
export { headersOf, requestOf, type Caller } from './common/request-of.js';
export { USER_GUARD, UserGuard } from './common/user.guard.js';
export { ConfigurationError } from './config/configuration.error.js';
export {
  Connector,
  type Authorization,
  type AuthorizationCallback,
  type AuthorizationRequest,
  type ConnectorDescriptor,
  type ConnectorInstance,
  type ProviderIdentity,
} from './connectors/connector.js';
export {
  ConnectorRegistry,
  type ConfiguredConnector,
  type ConnectorInstanceOptions,
} from './connectors/connector.registry.js';
export { ConnectorsModule, type ConnectorsModuleOptions } from './connectors/connectors.module.js';
export {
  OpenIdConnectConnector,
  openIdConnectConfig,
  type OpenIdConnectConfig,
  type OpenIdConnectDescriptor,
} from './connectors/openid-connect.connector.js';
export { httpsUrl, optionalText } from './connectors/profile.js';
export { GoogleConnector } from './connectors/providers/google.connector.js';
export type { TokenSet } from './connectors/token-set.js';
export {
  createDataSource,
  dataSourceOptions,
  latchkeyEntities,
  latchkeyMigrations,
  openDataSource,
} from './database/data-source.js';
export { IdentitiesService, type IdentityAt } from './identities/identities.service.js';
export { Identity } from './identities/identity.entity.js';
export { LinkingPolicy } from './identities/linking.policy.js';
export { User } from './identities/user.entity.js';
export { UsersService } from './identities/users.service.js';
export { KeyEncryption } from './sealing/key-encryption.js';
export { Keyring } from './sealing/keyring.js';
export { Sealer, type Binding } from './sealing/sealer.js';
export { SealingModule, type SealingModuleOptions } from './sealing/sealing.module.js';
export type { TokenSetStatus } from './token-vault/freshness.js';
export { TokenVaultModule } from './token-vault/token-vault.module.js';
export type { TokenVaultModuleOptions } from './token-vault/token-vault.options.js';
export {
  TokenVaultService,
  type TokenSetOwner,
  type TokenSetSummary,
} from './token-vault/token-vault.service.js';
