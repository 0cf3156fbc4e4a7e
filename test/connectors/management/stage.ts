import { startSandbox, type Sandbox } from '../../../src/sandbox/sandbox.js';
import { API, MOBILE, TokensOfLogto } from '../../guards/tokens.js';
import { googleInstance, startBackend, type Backend, type Platform } from '../../support/backend.js';
import type { DatabaseKind } from '../../support/databases.js';
import { freePort } from '../../support/ports.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  /** The body as it came. */
  readonly text: string;
}

/** A backend with Google from the environment, and a program that may manage it. */
export interface ManagementStage {
  readonly backend: Backend;
  readonly sandbox: Sandbox;
  readonly tokens: TokensOfLogto;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export async function openManagement(
  options: { readonly platform?: Platform; readonly database?: DatabaseKind } = {},
): Promise<ManagementStage> {
  const port = await freePort();
  const applicationUrl = `http://localhost:${port}`;
  const sandbox = await startSandbox({ port: await freePort(), applicationUrl, clients: [MOBILE] });
  const settings = {
    logto: { ...sandbox.logto, audience: API },
    connectors: [googleInstance(sandbox.google)],
    privateHosts: [new URL(sandbox.url).host],
  };
  const backend = await startBackend({ ...options, port, settings });
  sandbox.attach(backend.clock);
  const tokens = await TokensOfLogto.of(sandbox);
  const authorization = `Bearer ${await tokens.machine('all')}`;
  return {
    backend,
    sandbox,
    tokens,
    ask: (method, path, body, headers = {}) =>
      ask(`${backend.url}/api/${path}`, method, body, { authorization, ...headers }),
    close: async () => {
      await backend.close();
      await sandbox.close();
    },
  };
}

/** A body that is a text is sent as it is. */
export async function ask(
  url: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
  });
  const text = await answer.text();
  const parsed: unknown = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {};
  return { status: answer.status, headers: answer.headers, body: parsed as Answer['body'], text };
}

export const verdictOf = ({ status, body }: Answer): string =>
  status < 400 ? String(status) : `${status} ${String(body['code'])}`;
