import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { SessionOrAccessTokenGuard } from './auth/access/session-or-access-token.guard.js';
import type { Configuration, LogtoAccess, LogtoConfiguration } from './config/configuration.js';
import type { ConnectorInstanceOptions } from './connectors/connector.registry.js';
import { ConnectorsModule } from './connectors/connectors.module.js';
import { ourConnectors } from './connectors/our-connectors.js';
import { CONTENT_SECURITY_POLICY } from './pages/content-security-policy.js';
import { PagesModule } from './pages/pages.module.js';
import { configuredKeys } from './sealing/configured-keys.js';
import { SealingModule } from './sealing/sealing.module.js';
import { TokenVaultModule } from './token-vault/token-vault.module.js';
import type { TokenVaultModuleOptions } from './token-vault/token-vault.options.js';

/** A configuration in which nothing is left for the sandbox to supply. */
export interface BackendSettings
  extends
    Pick<Configuration, 'baseUrl' | 'sessionSecret' | 'vaultKeys'>,
    Partial<Pick<Configuration, 'session' | 'returnToOrigins' | 'privateHosts' | 'auditRetentionDays'>>,
    Pick<TokenVaultModuleOptions, 'renewal'> {
  readonly logto: LogtoConfiguration & LogtoAccess;
  /** Default: none but those of the database. */
  readonly connectors?: readonly ConnectorInstanceOptions[];
}

/** The backend that runs as it is: all modules, a guard on every route that is not public, and pages. */
@Module({})
export class AppModule {
  static forRoot(settings: BackendSettings, dataSource: DataSource): DynamicModule {
    const {
      vaultKeys,
      connectors: instances = [],
      privateHosts,
      auditRetentionDays,
      renewal,
      ...auth
    } = settings;
    const keys = configuredKeys(vaultKeys);
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        SealingModule.forRoot({ keys }),
        AuditModule.forRoot({ retentionDays: auditRetentionDays }),
        ConnectorsModule.forRoot({
          connectors: ourConnectors,
          instances,
          privateHosts,
          baseUrl: settings.baseUrl,
        }),
        TokenVaultModule.forRoot({ renewal }),
        AuthModule.forRoot({ ...auth, signInPage: '/sign-in', globalGuard: SessionOrAccessTokenGuard }),
        PagesModule,
      ],
    };
  }
}

/** What an application around {@link AppModule} switches on, on Fastify and Express alike. */
export function secureApplication<Application extends INestApplication>(
  app: Application,
  { baseUrl }: BackendSettings,
): Application {
  const https = baseUrl.startsWith('https:');
  app.enableCsrfProtection({ trustedOrigins: [baseUrl] });
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT_SECURITY_POLICY },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: https && { includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  });
  return app;
}
