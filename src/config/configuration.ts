import { z } from 'zod';
import { connectorGroups, connectorsOf, type ConnectorConfiguration } from './connectors.js';
import { ConfigurationError } from './configuration.error.js';
import { variables, type Variables } from './variables.js';
import { transitGroup, vaultKeyProblems, vaultKeysOf, type VaultKeysConfiguration } from './vault-keys.js';

/** What the backend runs with, parsed and cross-checked. A value that the sandbox supplies is absent here. */
export interface Configuration {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Our own origin as browsers see it, without a trailing slash. */
  readonly baseUrl: string;
  readonly databaseUrl: string;
  readonly sessionSecret: readonly string[];
  readonly session: {
    readonly absoluteLifetimeSeconds: number;
    readonly idleLifetimeSeconds: number;
  };
  readonly returnToOrigins?: readonly string[];
  readonly vaultKeys: VaultKeysConfiguration;
  readonly logto?: LogtoConfiguration;
  /** What is asked of Logto, whoever that is. */
  readonly logtoAccess: LogtoAccess;
  /** Instances that administrators cannot change. */
  readonly connectors: readonly ConnectorConfiguration[];
  /** Hosts at private addresses that instances may talk to. */
  readonly privateHosts?: readonly string[];
  /** False where tokens are renewed only when they are read. */
  readonly renewal?: false;
  /** Rows of the audit log are removed after so many days. */
  readonly auditRetentionDays?: number;
  /** Present when the sandbox has to be started; never in production. */
  readonly sandbox?: { readonly port: number };
}

export interface LogtoConfiguration {
  readonly endpoint: string;
  readonly appId: string;
  readonly appSecret: string;
}

export interface LogtoAccess {
  readonly audience?: string;
  readonly scopes?: readonly string[];
  readonly resources?: readonly string[];
}

/** Good for the sandbox alone: these are public knowledge, and {@link readConfiguration} refuses them elsewhere. */
const SANDBOX_SESSION_SECRET = 'latchkey-sandbox-session-secret-not-a-secret';
const SANDBOX_KEY = 'latchkey sandbox key, no secret!';
const SANDBOX_VAULT_KEYS = `sandbox:${Buffer.from(SANDBOX_KEY).toString('base64')}`;

/**
 * Reads the environment once. Throws one {@link ConfigurationError} that names every variable at fault
 * and repeats no value, so that no secret reaches a log.
 */
export function readConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  const values = parse(environment);
  const production = values.NODE_ENV === 'production';
  const baseUrl = values.BASE_URL ?? `http://localhost:${values.PORT}`;
  const host = values.HOST ?? (production ? '0.0.0.0' : 'localhost');
  const sandboxed = !production && values.LOGTO_ENDPOINT === undefined;

  const problems = [
    ...(production ? productionProblems(values) : []),
    ...(sandboxed ? sandboxProblems(baseUrl, host) : secretProblems(values)),
    ...groupProblems(values, ['LOGTO_ENDPOINT', 'LOGTO_APP_ID', 'LOGTO_APP_SECRET']),
    ...groupProblems(values, [...transitGroup]),
    ...vaultKeyProblems(values),
    ...connectorGroups.flatMap((names) => groupProblems(values, names)),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems.join('; '));

  return {
    production,
    host,
    port: values.PORT,
    baseUrl,
    databaseUrl: values.DATABASE_URL,
    sessionSecret: values.SESSION_SECRET ?? [SANDBOX_SESSION_SECRET],
    session: {
      absoluteLifetimeSeconds: values.SESSION_LIFETIME,
      idleLifetimeSeconds: values.SESSION_IDLE_LIFETIME,
    },
    returnToOrigins: values.RETURN_TO_ORIGINS,
    vaultKeys: vaultKeysOf(values, SANDBOX_VAULT_KEYS),
    logto: logtoConfiguration(values),
    logtoAccess: {
      audience: values.LOGTO_AUDIENCE ?? (sandboxed ? `${baseUrl}/api` : undefined),
      scopes: values.LOGTO_SCOPES,
      resources: values.LOGTO_RESOURCES,
    },
    connectors: connectorsOf(values),
    privateHosts: values.ALLOWED_PRIVATE_HOSTS,
    renewal: values.VAULT_RENEWAL === 'off' ? false : undefined,
    auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    ...(sandboxed ? { sandbox: { port: values.SANDBOX_PORT } } : {}),
  };
}

/** The one variable that the migration command needs. */
export function readDatabaseUrl(environment: NodeJS.ProcessEnv): string {
  return parse({ DATABASE_URL: environment['DATABASE_URL'] }).DATABASE_URL;
}

function parse(environment: NodeJS.ProcessEnv): Variables {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = z.object(variables).safeParse(given);
  if (result.success) return result.data;
  throw new ConfigurationError(
    result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; '),
  );
}

function productionProblems(values: Variables): string[] {
  return [
    ...(values.LOGTO_ENDPOINT === undefined ? ['LOGTO_ENDPOINT is required in production'] : []),
    ...(values.BASE_URL === undefined ? ['BASE_URL is required in production'] : []),
    ...(values.BASE_URL && !isSecureOrLoopback(values.BASE_URL)
      ? ['BASE_URL must use https in production']
      : []),
    ...(values.LOGTO_ENDPOINT && !isSecureOrLoopback(values.LOGTO_ENDPOINT)
      ? ['LOGTO_ENDPOINT must use https in production']
      : []),
    ...(values.VAULT_TRANSIT_URL && !isSecureOrLoopback(values.VAULT_TRANSIT_URL)
      ? ['VAULT_TRANSIT_URL must use https in production']
      : []),
  ];
}

/** The sandbox lets anyone in as anyone, so it runs only where nobody else can reach the backend. */
function sandboxProblems(baseUrl: string, host: string): string[] {
  const reachable = [
    ...(isLoopback(new URL(baseUrl).hostname) ? [] : ['BASE_URL']),
    ...(isLoopback(host) ? [] : ['HOST']),
  ];
  return reachable.map(
    (name) =>
      `LOGTO_ENDPOINT is required when ${name} is not a loopback name (the sandbox is for this machine alone)`,
  );
}

function secretProblems(values: Variables): string[] {
  const generate = (bytes: number) =>
    `generate one with: node -p "require('crypto').randomBytes(${bytes}).toString('base64')"`;
  return [
    ...(values.SESSION_SECRET === undefined ? [`SESSION_SECRET is required (${generate(48)})`] : []),
    ...(values.SESSION_SECRET?.includes(SANDBOX_SESSION_SECRET)
      ? ['SESSION_SECRET is the one of the sandbox']
      : []),
    ...(KEY_SERVICES.every((name) => values[name] === undefined)
      ? [
          `VAULT_KEYS is required (generate one with: node -p "'k1:' + require('crypto').randomBytes(32).toString('base64')")`,
        ]
      : []),
    ...(['VAULT_KEYS', 'SECRET_VAULT_KEK'] as const)
      .filter((name) => values[name]?.split(',').some(isSandboxKey))
      .map((name) => `${name} holds the key of the sandbox`),
  ];
}

const KEY_SERVICES = ['VAULT_KEYS', 'SECRET_VAULT_KEK', 'VAULT_TRANSIT_URL', 'VAULT_AWS_KMS_KEY'] as const;

/** By its bytes: the same key can be written in many ways. */
const isSandboxKey = (entry: string): boolean =>
  Buffer.from(entry.slice(entry.indexOf(':') + 1), 'base64').toString() === SANDBOX_KEY;

/** Variables that make sense only together: names those missing once one of them is set. */
function groupProblems(values: Variables, names: (keyof Variables)[]): string[] {
  const given = names.filter((name) => values[name] !== undefined);
  if (given.length === 0) return [];
  return names
    .filter((name) => !given.includes(name))
    .map((name) => `${name} is required because ${given[0]} is set`);
}

function logtoConfiguration(values: Variables): LogtoConfiguration | undefined {
  const { LOGTO_ENDPOINT: endpoint, LOGTO_APP_ID: appId, LOGTO_APP_SECRET: appSecret } = values;
  return endpoint && appId && appSecret ? { endpoint, appId, appSecret } : undefined;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  host.endsWith('.localhost') ||
  host === '::1' ||
  host === '[::1]' ||
  /^127(\.\d{1,3}){3}$/.test(host);

const isSecureOrLoopback = (url: string): boolean => {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname);
};
