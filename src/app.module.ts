import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AuthModule } from './auth/auth.module.js';
import { SessionGuard } from './auth/session/session.guard.js';
import type { Configuration, GoogleConfiguration, LogtoConfiguration } from './config/configuration.js';
import type { ConnectorInstanceOptions } from './connectors/connector.registry.js';
import { ConnectorsModule } from './connectors/connectors.module.js';
import { GoogleConnector } from './connectors/providers/google.connector.js';
import { CONTENT_SECURITY_POLICY } from './pages/content-security-policy.js';
import { PagesModule } from './pages/pages.module.js';
import { Keyring } from './sealing/keyring.js';
import { SealingModule } from './sealing/sealing.module.js';
import { TokenVaultModule } from './token-vault/token-vault.module.js';

/** A configuration in which nothing is left for the sandbox to supply. */
export interface BackendSettings extends Pick<Configuration, 'baseUrl' | 'sessionSecret' | 'vaultKeys'> {
  readonly logto: LogtoConfiguration;
  readonly google?: GoogleConfiguration;
}

/** The backend that runs as it is: all modules, a session guard on every route that is not public, and pages. */
@Module({})
export class AppModule {
  static forRoot(
    { baseUrl, sessionSecret, vaultKeys, logto, google }: BackendSettings,
    dataSource: DataSource,
  ): DynamicModule {
    const keys = Keyring.parse(vaultKeys.text, vaultKeys.variable);
    const reauthorizationUrl = (connectorId: string) => `${baseUrl}/auth/social/${connectorId}/reauthorize`;
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        SealingModule.forRoot({ keys }),
        ConnectorsModule.forRoot({
          connectors: [GoogleConnector],
          instances: google ? [googleInstance(google)] : [],
        }),
        TokenVaultModule.forRoot({ reauthorizationUrl }),
        AuthModule.forRoot({ baseUrl, sessionSecret, logto }),
        PagesModule,
      ],
      providers: [{ provide: APP_GUARD, useExisting: SessionGuard }],
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

const googleInstance = ({
  enableTokenStorage,
  ...config
}: GoogleConfiguration): ConnectorInstanceOptions => ({
  id: 'google',
  connectorId: 'google-universal',
  config,
  enableTokenStorage,
});
