import { ConfigurableModuleBuilder, Inject, Module, type DynamicModule, type Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { USER_GUARD } from '../common/user.guard.js';
import { IdentitiesModule } from '../identities/identities.module.js';
import { LinkingPolicy } from '../identities/linking.policy.js';
import { AuthController } from './sign-in/auth.controller.js';
import { assertAuthOptions, AUTH_OPTIONS, type AuthModuleOptions } from './auth.options.js';
import { AuthorizationTransaction } from './sign-in/authorization-transaction.entity.js';
import { AuthorizationTransactions } from './sign-in/authorization-transactions.js';
import { BrowserBinding } from './sign-in/browser-binding.js';
import { Cookies } from './session/cookies.js';
import { CsrfGuard, CsrfTokens } from './session/csrf.js';
import { Logto } from './logto/logto.js';
import { LogtoStrategy } from './sign-in/logto.strategy.js';
import { MeController } from './session/me.controller.js';
import { SessionTokens } from './logto/session-tokens.entity.js';
import { Session } from './session/session.entity.js';
import { SessionGuard } from './session/session.guard.js';
import { Sessions } from './session/sessions.js';
import { SignInService } from './sign-in/sign-in.service.js';
import { SocialController } from './sign-in/social.controller.js';
import { SocialService } from './sign-in/social.service.js';

interface AuthModuleExtras {
  /** Whether the routes are served. Default: true. */
  readonly controllers: boolean;
  /** Decides to whom an unknown account belongs. Default: {@link LinkingPolicy}, for which it is a new user. */
  readonly linkingPolicy: Type<LinkingPolicy>;
  /** A subclass that judges or enriches who comes back from Logto. Default: {@link LogtoStrategy}. */
  readonly strategy: Type<LogtoStrategy>;
}

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AuthModuleOptions>({
  optionsInjectionToken: AUTH_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<Partial<AuthModuleExtras>>({}, register)
  .build();

const services = [
  SessionGuard,
  CsrfGuard,
  CsrfTokens,
  Sessions,
  Logto,
  BrowserBinding,
  AuthorizationTransactions,
  SignInService,
  SocialService,
];

/**
 * Sign-in through Logto and through connectors, sessions, and the guards that let a request in. Needs `SealingModule`,
 * `ConnectorsModule` and `TokenVaultModule` in the application, and throws `ConfigurationError` for bad options.
 */
@Module({
  imports: [
    CommonModule,
    IdentitiesModule,
    TypeOrmModule.forFeature([Session, SessionTokens, AuthorizationTransaction]),
  ],
  providers: [...services, { provide: USER_GUARD, useExisting: SessionGuard }, Cookies],
  exports: [...services, IdentitiesModule, AUTH_OPTIONS, USER_GUARD, LinkingPolicy, LogtoStrategy],
})
export class AuthModule extends ConfigurableModuleClass {
  constructor(@Inject(AUTH_OPTIONS) options: AuthModuleOptions) {
    super();
    assertAuthOptions(options);
  }
}

function register(
  definition: DynamicModule,
  { controllers = true, linkingPolicy = LinkingPolicy, strategy = LogtoStrategy }: Partial<AuthModuleExtras>,
): DynamicModule {
  return {
    ...definition,
    global: true,
    controllers: controllers ? [AuthController, SocialController, MeController] : [],
    providers: [
      ...(definition.providers ?? []),
      { provide: LinkingPolicy, useClass: linkingPolicy },
      { provide: LogtoStrategy, useClass: strategy },
    ],
  };
}
