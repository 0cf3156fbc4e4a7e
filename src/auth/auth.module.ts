import { ConfigurableModuleBuilder, Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CommonModule } from '../common/common.module.js';
import { USER_GUARD } from '../common/user.guard.js';
import { IdentitiesModule } from '../identities/identities.module.js';
import { AuthController } from './auth.controller.js';
import { AUTH_OPTIONS, type AuthModuleOptions } from './auth.options.js';
import { AuthorizationTransaction } from './authorization-transaction.entity.js';
import { AuthorizationTransactions } from './authorization-transactions.js';
import { BrowserBinding } from './browser-binding.js';
import { Cookies } from './cookies.js';
import { CsrfGuard, CsrfTokens } from './csrf.js';
import { Logto } from './logto.js';
import { LogtoStrategy } from './logto.strategy.js';
import { MeController } from './me.controller.js';
import { SessionTokens } from './session-tokens.entity.js';
import { Session } from './session.entity.js';
import { SessionGuard } from './session.guard.js';
import { Sessions } from './sessions.js';
import { SignInService } from './sign-in.service.js';
import { SocialController } from './social.controller.js';
import { SocialService } from './social.service.js';

interface AuthModuleExtras {
  /** Whether the routes are served. Default: true. */
  readonly controllers: boolean;
}

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<AuthModuleOptions>({
  optionsInjectionToken: AUTH_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<AuthModuleExtras>({ controllers: true }, register)
  .build();

const services = [SessionGuard, CsrfGuard, CsrfTokens, Sessions, Logto, LogtoStrategy];

/**
 * Sign-in through Logto and through connectors, sessions, and the guards that let a request in. Needs `SealingModule`,
 * `ConnectorsModule` and `TokenVaultModule` in the application.
 */
@Module({
  imports: [
    CommonModule,
    IdentitiesModule,
    TypeOrmModule.forFeature([Session, SessionTokens, AuthorizationTransaction]),
  ],
  providers: [
    ...services,
    { provide: USER_GUARD, useExisting: SessionGuard },
    Cookies,
    BrowserBinding,
    AuthorizationTransactions,
    SignInService,
    SocialService,
  ],
  exports: [...services, IdentitiesModule, AUTH_OPTIONS, USER_GUARD],
})
export class AuthModule extends ConfigurableModuleClass {}

function register(definition: DynamicModule, { controllers }: AuthModuleExtras): DynamicModule {
  return {
    ...definition,
    global: true,
    controllers: controllers ? [AuthController, SocialController, MeController] : [],
  };
}
