import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type CanActivate,
  type DynamicModule,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, ModulesContainer } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { mount } from '../common/mount.js';
import { REAUTHORIZATION_URL, type ReauthorizationUrl } from '../common/reauthorization-url.js';
import { MACHINE_GUARD } from '../common/machine.guard.js';
import { MANAGEMENT_GUARD } from '../common/management.guard.js';
import { USER_GUARD } from '../common/user.guard.js';
import { ConfigurationError } from '../config/configuration.error.js';
import { IdentitiesModule } from '../identities/identities.module.js';
import { LinkingPolicy } from '../identities/linking.policy.js';
import { AccessTokenGuard } from './access/access-token.guard.js';
import { AccessTokens } from './access/access-tokens.js';
import { MachineAccessGuard } from './access/machine-access.guard.js';
import { ManagementAccessGuard } from './access/management-access.guard.js';
import { SessionOrAccessTokenGuard } from './access/session-or-access-token.guard.js';
import { AccountController } from './account/account.controller.js';
import { AccountIdentitiesController } from './account/account-identities.controller.js';
import { AccountTokenSetsController } from './account/account-token-sets.controller.js';
import { Departures } from './account/departures.js';
import { GivenIdentities } from './account/given-identities.js';
import { LinkedAccounts } from './account/linked-accounts.js';
import { ManagementIdentitiesController } from './account/management-identities.controller.js';
import { ManagementRoundTripsController } from './account/management-round-trips.controller.js';
import { RecentAuthenticationGuard } from './account/recent-authentication.guard.js';
import { SocialVerifications } from './account/social-verifications.js';
import { VerificationRecord } from './account/verification-record.entity.js';
import { VerificationRecords } from './account/verification-records.js';
import { VerificationsController } from './account/verifications.controller.js';
import {
  assertAuthOptions,
  AUTH_OPTIONS,
  AUTH_PATHS,
  authPaths,
  type AuthModuleOptions,
  type AuthPaths,
} from './auth.options.js';
import { BackChannelLogoutController } from './logto/back-channel-logout.controller.js';
import { BackChannelLogout } from './logto/back-channel-logout.js';
import { LogtoAccessTokens } from './logto/logto-access-tokens.js';
import { logtoClientProvider } from './logto/logto-client.provider.js';
import { LogtoClient } from './logto/logto-client.js';
import { LogtoClients } from './logto/logto-clients.js';
import { LogtoSession } from './logto/logto-session.entity.js';
import { LogtoSessions } from './logto/logto-sessions.js';
import { LogtoTurns } from './logto/logto-turns.js';
import { Logto } from './logto/logto.js';
import { UsedLogoutToken } from './logto/used-logout-token.entity.js';
import { Cookies } from './session/cookies.js';
import { CsrfController } from './session/csrf.controller.js';
import { CsrfGuard, CsrfTokens } from './session/csrf.js';
import { MeController } from './session/me.controller.js';
import { Session } from './session/session.entity.js';
import { SessionGuard } from './session/session.guard.js';
import { DatabaseSessionStore, SessionStore } from './session/session.store.js';
import { SessionsController } from './session/sessions.controller.js';
import { Sessions } from './session/sessions.js';
import { UserSerializer } from './session/user.serializer.js';
import { OneTapController } from './one-tap/one-tap.controller.js';
import { OneTapService } from './one-tap/one-tap.service.js';
import { AuthController } from './sign-in/auth.controller.js';
import { AuthorizationTransaction } from './sign-in/authorization-transaction.entity.js';
import { AuthorizationTransactions } from './sign-in/authorization-transactions.js';
import { BrowserBinding } from './sign-in/browser-binding.js';
import { Destinations } from './sign-in/destinations.js';
import { LogtoStrategy } from './sign-in/logto.strategy.js';
import { SignInService } from './sign-in/sign-in.service.js';
import { SocialCallbackController } from './sign-in/social-callback.controller.js';
import { SocialController } from './sign-in/social.controller.js';
import { SocialService } from './sign-in/social.service.js';

/** What changes the structure of the module, and so cannot come out of a factory. */
export interface AuthModuleExtras {
  /** Whether other modules see the guards and services without importing this one. Default: true. */
  readonly isGlobal?: boolean;
  /** Whether the routes are served. Default: true. */
  readonly controllers?: boolean;
  /** Where they are. */
  readonly paths?: Partial<AuthPaths>;
  /**
   * The guard of every route of the application that is not `@Public()`; it is asked before those of a route, so it has
   * to let in whom any of them does. One of ours, one of {@link anyOf}, or one of yours. Default: none.
   */
  readonly globalGuard?: Type<CanActivate>;
  /** Decides to whom an unknown account belongs. Default: {@link LinkingPolicy}. */
  readonly linkingPolicy?: Type<LinkingPolicy>;
  /** A subclass that judges or enriches who comes back from Logto. Default: {@link LogtoStrategy}. */
  readonly strategy?: Type<LogtoStrategy>;
  /** Where sessions are kept. Default: {@link DatabaseSessionStore}. */
  readonly sessionStore?: Type<SessionStore>;
  /** Makes the user of a request out of the id in its session. Default: {@link UserSerializer}. */
  readonly userSerializer?: Type<UserSerializer>;
}

type Extras = Required<Omit<AuthModuleExtras, 'globalGuard'>> & {
  globalGuard: Type<CanActivate> | undefined;
};

/** Every extra is named, because those that are not would be taken for options. */
const DEFAULT_EXTRAS: Extras = {
  isGlobal: true,
  controllers: true,
  paths: {},
  globalGuard: undefined,
  linkingPolicy: LinkingPolicy,
  strategy: LogtoStrategy,
  sessionStore: DatabaseSessionStore,
  userSerializer: UserSerializer,
};

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AuthModuleOptions>({
  optionsInjectionToken: AUTH_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<AuthModuleExtras>(DEFAULT_EXTRAS, register)
  .build();

const services: Type[] = [
  SessionGuard,
  AccessTokenGuard,
  SessionOrAccessTokenGuard,
  CsrfGuard,
  RecentAuthenticationGuard,
  CsrfTokens,
  Sessions,
  AccessTokens,
  Logto,
  LogtoClients,
  BrowserBinding,
  AuthorizationTransactions,
  SignInService,
  SocialService,
  OneTapService,
  Destinations,
];

const exported = [
  AUTH_OPTIONS,
  USER_GUARD,
  MANAGEMENT_GUARD,
  MACHINE_GUARD,
  LogtoStrategy,
  LogtoClient,
  SessionStore,
  UserSerializer,
  REAUTHORIZATION_URL,
];

/**
 * Sign-in through Logto and through connectors, sessions, and the guards that let a request in. Needs `SealingModule`,
 * `ConnectorsModule` and `TokenVaultModule` in the application, which imports it once. Throws `ConfigurationError` for
 * bad options, and for a second `forRoot`.
 */
@Module({
  imports: [
    CommonModule,
    TypeOrmModule.forFeature([
      Session,
      LogtoSession,
      UsedLogoutToken,
      AuthorizationTransaction,
      VerificationRecord,
    ]),
  ],
  providers: [
    ...services,
    { provide: USER_GUARD, useExisting: SessionOrAccessTokenGuard },
    ManagementAccessGuard,
    { provide: MANAGEMENT_GUARD, useExisting: ManagementAccessGuard },
    MachineAccessGuard,
    { provide: MACHINE_GUARD, useExisting: MachineAccessGuard },
    { provide: REAUTHORIZATION_URL, inject: [AUTH_OPTIONS, AUTH_PATHS], useFactory: reauthorizationUrl },
    SocialVerifications,
    VerificationRecords,
    LinkedAccounts,
    Departures,
    GivenIdentities,
    logtoClientProvider,
    LogtoSessions,
    LogtoAccessTokens,
    LogtoTurns,
    BackChannelLogout,
    Cookies,
  ],
  exports: [...services, ...exported, IdentitiesModule],
})
export class AuthModule extends ConfigurableModuleClass {
  constructor(@Inject(AUTH_OPTIONS) options: AuthModuleOptions, modules: ModulesContainer) {
    super();
    assertAuthOptions(options);
    if ([...modules.values()].filter(({ metatype }) => metatype === AuthModule).length > 1)
      throw new ConfigurationError(
        'AuthModule: forRoot is for one module of the application, and was called again',
      );
  }
}

function register(definition: DynamicModule, given: AuthModuleExtras): DynamicModule {
  const extras: Extras = { ...DEFAULT_EXTRAS, ...given };
  const paths = authPaths(extras.paths);
  return {
    ...definition,
    imports: [...(definition.imports ?? []), IdentitiesModule.forRoot(extras.linkingPolicy)],
    global: extras.isGlobal,
    controllers: extras.controllers ? controllersAt(paths) : [],
    providers: [
      ...(definition.providers ?? []),
      { provide: AUTH_PATHS, useValue: paths },
      ...replaceable(extras),
    ],
  };
}

const replaceable = ({ strategy, sessionStore, userSerializer, globalGuard }: Extras): Provider[] => [
  { provide: LogtoStrategy, useClass: strategy },
  { provide: SessionStore, useClass: sessionStore },
  { provide: UserSerializer, useClass: userSerializer },
  ...(globalGuard && !services.includes(globalGuard) ? [globalGuard] : []),
  ...(globalGuard ? [{ provide: APP_GUARD, useExisting: globalGuard }] : []),
];

const controllersAt = ({ auth, callback, api }: AuthPaths): Type[] => [
  mount(auth, AuthController),
  mount(auth, BackChannelLogoutController),
  mount(`${auth}/social/:connectorId`, SocialController),
  mount(`${callback}/:connectorId`, SocialCallbackController),
  mount(`${callback}/:connectorId`, OneTapController),
  mount(`${api}/me`, MeController),
  mount(`${api}/my-account/sessions`, SessionsController),
  mount(`${api}/csrf-token`, CsrfController),
  mount(`${api}/my-account`, AccountController),
  mount(`${api}/my-account/identities`, AccountIdentitiesController),
  mount(`${api}/my-account/token-sets`, AccountTokenSetsController),
  mount(`${api}/verifications/social`, VerificationsController),
  mount(`${api}/connectors/:connectorId/authorization-uri`, ManagementRoundTripsController),
  mount(`${api}/users/:userId`, ManagementIdentitiesController),
];

function reauthorizationUrl({ baseUrl }: AuthModuleOptions, { auth }: AuthPaths): ReauthorizationUrl {
  return (connectorId, scope = []) => {
    const url = `${baseUrl}/${auth}/social/${connectorId}/reauthorize`;
    return scope.length > 0 ? `${url}?${new URLSearchParams({ scope: scope.join(' ') }).toString()}` : url;
  };
}
