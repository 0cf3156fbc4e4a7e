/** Public API of `nest-latchkey`. */
export {
  AuditEntry,
  type AuditFacts,
  type AuditOrigin,
  type AuditOutcome,
} from './audit/audit-entry.entity.js';
export { AuditLog } from './audit/audit-log.js';
export { AuditTrail, type TrailEntry, type TrailPage } from './audit/audit-trail.js';
export { AuditVerifier, type Verdict, type VerificationOptions } from './audit/audit-verifier.js';
export { AuditModule } from './audit/audit.module.js';
export type { AuditModuleOptions } from './audit/audit.options.js';
export type { AuditEvent } from './audit/facts.js';
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
export { RecentAuthenticationGuard } from './auth/account/recent-authentication.guard.js';
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
export type { SessionOrigin } from './auth/session/session-origin.js';
export { Sessions, type CurrentSession } from './auth/session/sessions.js';
export { UserSerializer } from './auth/session/user.serializer.js';
export {
  AuthorizationTransactions,
  type EndedTransaction,
  type TransactionStart,
} from './auth/sign-in/authorization-transactions.js';
export { BrowserBinding } from './auth/sign-in/browser-binding.js';
export { LogtoStrategy, type LogtoUser } from './auth/sign-in/logto.strategy.js';
export { SignInService, type Arrival, type SignedIn } from './auth/sign-in/sign-in.service.js';
export { SocialService, type SocialStart } from './auth/sign-in/social.service.js';
export { Clock } from './common/clock.js';
export { CurrentUser, OptionalAuth, OptionalUser, Public } from './common/current-user.js';
export { ErrorFilter, ErrorPage, EveryErrorFilter, type Problem } from './common/error.filter.js';
export { isLatchkeyError, LatchkeyError, type ErrorCode } from './common/errors.js';
export { HttpClient } from './common/http-client.js';
export { REVOCATION_HEADER, type RevocationOutcome } from './common/revocation-outcome.js';
export { Secret } from './common/secret.js';
export { headersOf, requestOf, type Caller } from './common/request-of.js';
export { CurrentClient, MACHINE_GUARD, MachineGuard } from './common/machine.guard.js';
export { MANAGEMENT_GUARD, ManagementGuard } from './common/management.guard.js';
export { SchemaPipe } from './common/schema.pipe.js';
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
export {
  ConnectorInstances,
  type TokensEnded,
  type TokensEndListener,
} from './connectors/instances/connector-instances.js';
export { ConnectorKinds } from './connectors/instances/connector-kinds.js';
export type { InstanceChanges, NewInstance } from './connectors/instances/instance-drafts.js';
export type { InstanceRecord } from './connectors/instances/instance-record.js';
export { SignInExperience, type SignInChanges } from './connectors/instances/sign-in-experience.js';
export type { SignInSettings } from './connectors/instances/sign-in-experience.store.js';
export { DataDeletionPage, type DataDeletionStatus } from './connectors/notifications/data-deletion.page.js';
export type {
  Ending,
  ProviderMessage,
  ProviderMessageKind,
  ProviderNotification,
} from './connectors/notifications/notification.js';
export {
  Notifications,
  type Heard,
  type NotificationListener,
} from './connectors/notifications/notifications.js';
export {
  unsignedNotification,
  malformedNotification,
  unsupportedNotification,
} from './connectors/notifications/refusals.js';
export { markOfHash, markOfPrefix } from './connectors/refresh-token-marks.js';
export { ourConnectors } from './connectors/our-connectors.js';
export { ConnectorsModule, type ConnectorsModuleOptions } from './connectors/connectors.module.js';
export {
  OpenIdConnectConnector,
  openIdConnectConfig,
  type OpenIdConnectConfig,
  type OpenIdConnectDescriptor,
} from './connectors/openid-connect.connector.js';
export { endpointUrl } from './connectors/endpoint.js';
export type { ResourceAnswer } from './connectors/oauth-client.js';
export {
  OAuth2Connector,
  oauth2Config,
  type OAuth2Config,
  type OAuth2Descriptor,
  type OAuth2Endpoints,
} from './connectors/oauth2.connector.js';
export { httpsUrl, optionalText } from './connectors/profile.js';
export { FacebookConnector } from './connectors/providers/facebook.connector.js';
export { GithubConnector } from './connectors/providers/github.connector.js';
export { GitlabConnector } from './connectors/providers/gitlab.connector.js';
export { GoogleConnector } from './connectors/providers/google.connector.js';
export { GenericOAuth2Connector } from './connectors/providers/oauth2.connector.js';
export { GenericOidcConnector } from './connectors/providers/oidc.connector.js';
export { WecomConnector } from './connectors/providers/wecom.connector.js';
export { XConnector } from './connectors/providers/x.connector.js';
export { refusal, type TokenAnswer } from './connectors/token-answer.js';
export { upstreamRefusal } from './connectors/upstream-error.js';
export type { TokenSet } from './connectors/token-set.js';
export {
  createDataSource,
  dataSourceOptions,
  latchkeyEntities,
  latchkeyMigrations,
  openDataSource,
} from './database/data-source.js';
export type { EventData, EventName, LatchkeyEvent, Occurrence } from './events/event.js';
export { EventsModule } from './events/events.module.js';
export { Events } from './events/events.js';
export { DeliveryLog, type LogPage } from './events/webhooks/delivery-log.js';
export type { HookChanges, HookConfig, NewHook } from './events/webhooks/hook-drafts.js';
export type { WebhookMessage } from './events/webhooks/message.js';
export { verifyWebhook, type ReceivedWebhook } from './events/webhooks/verify-webhook.js';
export { WebhookTest, type WebhookTrial } from './events/webhooks/webhook-test.js';
export { Webhooks, type ChangedBy, type SignedHook } from './events/webhooks/webhooks.js';
export {
  AUTOMATIC_ACCOUNT_LINKING,
  type AutomaticAccountLinking,
} from './identities/automatic-account-linking.js';
export { canonicalEmail } from './identities/canonical-email.js';
export { IdentitiesService, type LinkTo } from './identities/identities.service.js';
export type { IdentityAt } from './identities/identity-at.js';
export { Identity } from './identities/identity.entity.js';
export type { RemovalListener } from './identities/leaving.js';
export { LinkingPolicy, type LinkingDecision } from './identities/linking.policy.js';
export { Profiles, type ProfileChanges } from './identities/profiles.js';
export {
  Unlinking,
  type Departed,
  type Unlinked,
  type UnlinkListener,
  type UnlinkRequest,
} from './identities/unlinking.js';
export { User } from './identities/user.entity.js';
export { UsersService } from './identities/users.service.js';
export { AwsKms, type AwsKmsOptions, type KmsClient } from './sealing/aws-kms.js';
export { CombinedKeys } from './sealing/combined-keys.js';
export { HashicorpTransit, type HashicorpTransitOptions } from './sealing/hashicorp-transit.js';
export { KeyEncryption } from './sealing/key-encryption.js';
export { Keyring } from './sealing/keyring.js';
export { RemoteKeyEncryption, type RemoteKeyOptions } from './sealing/remote-key-encryption.js';
export { RotationProgress, type KeyUse, type RotationReport } from './sealing/rotation/rotation-progress.js';
export { Rotation } from './sealing/rotation/rotation.js';
export { Sealed } from './sealing/sealed.js';
export { SealedFor } from './sealing/sealed-for.js';
export { Sealer, type Binding } from './sealing/sealer.js';
export { SealingModule, type SealingModuleOptions } from './sealing/sealing.module.js';
export { TokenGrant } from './token-vault/access/token-grant.entity.js';
export { TokenGrants, type NewTokenGrant, type TokenUse } from './token-vault/access/token-grants.js';
export { TokenSetRemoval } from './token-vault/access/token-set-removal.js';
export type { Reader } from './token-vault/chronicle.js';
export type { TokenSetStatus } from './token-vault/freshness.js';
export { ProviderToken, type ProviderTokenOptions } from './token-vault/handlers/provider-token.js';
export {
  VaultHttpService,
  type ApiRequest,
  type ProviderAccess,
} from './token-vault/handlers/vault-http.service.js';
export { Revocations, type FormerGrant } from './token-vault/leaving/revocations.js';
export type { RenewalOptions } from './token-vault/renewal/renewal.options.js';
export { TokenVaultModule } from './token-vault/token-vault.module.js';
export type { TokenVaultModuleOptions } from './token-vault/token-vault.options.js';
export {
  TokenVaultService,
  type ReadOptions,
  type TokenSetOwner,
  type TokenSetSummary,
} from './token-vault/token-vault.service.js';
