import type { ConnectorInstanceOptions } from '../../src/connectors/connector.registry.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { googleInstance, startBackend, type Backend, type BackendOptions } from './backend.js';
import { Browser, type Page } from './browser.js';
import { freePort } from './ports.js';

export interface Sandboxed {
  readonly backend: Backend;
  readonly sandbox: Sandbox;
  close(): Promise<void>;
}

interface SandboxedOptions extends Omit<BackendOptions, 'settings'> {
  /** Beside those that the sandbox makes. */
  readonly settings?: Partial<BackendOptions['settings']>;
  /** Which instances the backend has of the sandbox's. Default: Google alone. */
  readonly connectors?: (sandbox: Sandbox) => readonly ConnectorInstanceOptions[];
}

/** A backend whose Logto and Google are the sandbox; its clock and the sandbox's move together. */
export async function startSandboxed({
  connectors = ({ google }) => [googleInstance(google)],
  ...options
}: SandboxedOptions = {}): Promise<Sandboxed> {
  const port = options.port ?? (await freePort());
  const sandbox = await startSandbox({ port: await freePort(), applicationUrl: `http://localhost:${port}` });
  const settings = {
    logto: sandbox.logto,
    connectors: connectors(sandbox),
    ...options.settings,
  };
  const backend = await startBackend({ ...options, port, settings });
  sandbox.attach(backend.clock);
  const close = async () => {
    await backend.close();
    await sandbox.close();
  };
  return { backend, sandbox, close };
}

/** Clicks through a sign-in at the sandbox's Logto, and returns the page where it ends. */
export async function signInThroughLogto(
  browser: Browser,
  backend: { url: string },
  persona = 'alice',
  query = '',
): Promise<Page> {
  const page = await browser.open(`${backend.url}/auth/sign-in${query}`);
  return page.press('persona', persona);
}

/** The same at the sandbox's Google; consents where it is asked to. */
export async function signInThroughGoogle(
  browser: Browser,
  backend: { url: string },
  persona = 'alice',
  query = '',
): Promise<Page> {
  return consent(
    await (await browser.open(`${backend.url}/auth/social/google${query}`)).press('persona', persona),
  );
}

/** Allows whatever Google asks on the page, as often as it asks. */
export async function consent(page: Page): Promise<Page> {
  return page.html.includes('name="allow"') ? consent(await page.press('allow')) : page;
}
