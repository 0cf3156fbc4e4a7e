import { fileURLToPath } from 'node:url';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { TEST_SESSION_SECRET, TEST_VAULT_KEYS } from '../support/backend.js';
import type { TemporaryDatabase } from '../support/databases.js';
import { freePort } from '../support/ports.js';
import { BackendProcess } from './backend-process.js';

const shortLivedTokens = fileURLToPath(new URL('./short-lived-tokens.js', import.meta.url));

/** Providers that outlive the backend, and the backend as often as it is started. */
export interface Stage {
  readonly url: string;
  readonly sandbox: Sandbox;
  readonly database: TemporaryDatabase;
  start(): BackendProcess;
}

export async function withStage<Result>(
  database: TemporaryDatabase,
  play: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const sandbox = await startSandbox({ port: await freePort(), applicationUrl: url });
  const started: BackendProcess[] = [];
  const variables = variablesOf({ port, sandbox, database });
  const start = (): BackendProcess => {
    const backend = new BackendProcess(variables, ['--import', shortLivedTokens]);
    started.push(backend);
    return backend;
  };
  try {
    return await play({ url, sandbox, database, start });
  } finally {
    await Promise.all(started.map((backend) => backend.end('SIGKILL')));
    await sandbox.close();
  }
}

const variablesOf = ({
  port,
  sandbox: { logto, google },
  database,
}: {
  port: number;
  sandbox: Sandbox;
  database: TemporaryDatabase;
}): Record<string, string> => ({
  PORT: String(port),
  DATABASE_URL: database.url,
  SESSION_SECRET: TEST_SESSION_SECRET,
  VAULT_KEYS: TEST_VAULT_KEYS,
  VAULT_RENEWAL: 'off',
  LOGTO_ENDPOINT: logto.endpoint,
  LOGTO_APP_ID: logto.appId,
  LOGTO_APP_SECRET: logto.appSecret,
  CONNECTOR_GOOGLE_CLIENT_ID: google.clientId,
  CONNECTOR_GOOGLE_CLIENT_SECRET: google.clientSecret,
  CONNECTOR_GOOGLE_ISSUER: google.issuer,
});
