import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule, secureApplication, type BackendSettings } from './app.module.js';
import { Clock } from './common/clock.js';
import { ConfigurationError } from './config/configuration.error.js';
import { readConfiguration, type Configuration } from './config/configuration.js';
import { openDataSource } from './database/data-source.js';
import { fastifyAdapter } from './operations/fastify.js';
import { listening } from './operations/listen.js';
import { closeOnSignal } from './operations/shutdown.js';
import type { Sandbox } from './sandbox/sandbox.js';

try {
  await start(readConfiguration(process.env));
} catch (error) {
  console.error(error instanceof ConfigurationError ? `Configuration: ${error.message}` : error);
  process.exit(1);
}

async function start(configuration: Configuration): Promise<void> {
  const sandbox = await startSandbox(configuration);
  const settings = settingsOf(configuration, sandbox);
  const dataSource = await openDataSource(configuration.databaseUrl);
  const adapter = fastifyAdapter();
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(settings, dataSource),
    adapter,
    {
      logger: new ConsoleLogger({
        json: configuration.production,
        logLevels: configuration.production ? ['log', 'warn', 'error', 'fatal'] : ['warn', 'error', 'fatal'],
      }),
      abortOnError: false,
      rawBody: true,
    },
  );
  sandbox?.attach(app.get(Clock));
  closeOnSignal(app, async () => sandbox?.close());
  await secureApplication(app, settings).init();
  const { port, host } = configuration;
  await listening(() => adapter.getInstance().listen({ port, host }), { port: 'PORT', host: 'HOST' });
  greet(configuration, sandbox);
}

/** The sandbox and everything that only it needs are loaded here and nowhere else: production runs without them. */
async function startSandbox({ sandbox, baseUrl, databaseUrl }: Configuration): Promise<Sandbox | undefined> {
  if (!sandbox) return undefined;
  const { startSandbox: start } = await import('./sandbox/sandbox.js');
  const statePath = databaseUrl.startsWith('sqlite:')
    ? `${databaseUrl.slice('sqlite:'.length)}.sandbox.json`
    : undefined;
  const { port } = sandbox;
  return listening(() => start({ port, applicationUrl: baseUrl, statePath }), { port: 'SANDBOX_PORT' });
}

function settingsOf(configuration: Configuration, sandbox: Sandbox | undefined): BackendSettings {
  const { baseUrl, sessionSecret, vaultKeys, session, returnToOrigins, logtoAccess } = configuration;
  const { connectors, privateHosts, renewal, auditRetentionDays } = configuration;
  const configured = new Set(connectors.map(({ id }) => id));
  const logto = configuration.logto ?? sandbox?.logto;
  if (!logto) throw new ConfigurationError('LOGTO_ENDPOINT is required');
  return {
    baseUrl,
    sessionSecret,
    vaultKeys,
    session,
    returnToOrigins,
    logto: { ...logto, ...logtoAccess },
    connectors: [...connectors, ...(sandbox?.connectors.filter(({ id }) => !configured.has(id)) ?? [])],
    privateHosts,
    renewal,
    auditRetentionDays,
  };
}

function greet({ baseUrl, databaseUrl }: Configuration, sandbox: Sandbox | undefined): void {
  const lines = [`Latchkey is running at ${baseUrl}`];
  if (sandbox) {
    lines.push(
      `Sandbox of Logto and the social providers at ${sandbox.url} (nobody's real account is involved)`,
      '',
      `Open ${baseUrl}, sign in as one of the sandbox's personas, and fetch a provider token:`,
      `  ${baseUrl}/api/my-account/identities/google/access-token`,
      databaseUrl.startsWith('sqlite:')
        ? `Data is kept in ${databaseUrl.slice('sqlite:'.length)}. Stop with Ctrl+C.`
        : 'Stop with Ctrl+C.',
    );
  }
  console.log(lines.join('\n'));
}
