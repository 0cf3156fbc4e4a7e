import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ConnectorInstanceOptions } from '../../src/connectors/connector.registry.js';
import type { RefreshTimes } from '../../src/token-vault/refresh-lease.js';
import type { TokenSetOwner } from '../../src/token-vault/token-vault.service.js';

const script = fileURLToPath(new URL('./vault-process.js', import.meta.url));

/** What a process is made of. */
export interface Settings {
  readonly databaseUrl: string;
  readonly vaultKeys: string;
  readonly instance: ConnectorInstanceOptions;
  readonly times: RefreshTimes;
  /** By how much its clock is ahead. */
  readonly elapsedSeconds: number;
}

/** What became of a read: a token, or the code of the error. */
export interface Reading {
  readonly token?: string;
  readonly code?: string;
  readonly reason?: string;
}

export interface Stored {
  readonly owner: TokenSetOwner;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
}

/** The vault in a process of its own, which can be killed at any moment. */
export class VaultProcess {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private readonly ended: Promise<unknown>;
  private count = 0;
  private complaints = '';

  private constructor(settings: Settings) {
    const { PATH } = process.env;
    this.child = fork(script, [JSON.stringify(settings)], { env: { PATH }, execArgv: [], silent: true });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.complaints += text));
    this.child.on('message', (answer: Answer) => this.waiting.get(answer.id)?.(answer));
    this.ended = once(this.child, 'close');
  }

  static async start(settings: Settings): Promise<VaultProcess> {
    const process = new VaultProcess(settings);
    const early = process.ended.then(() => {
      throw new Error(`the process ended before it was ready: ${process.complaints}`);
    });
    early.catch(() => undefined);
    await Promise.race([once(process.child, 'message'), early]);
    return process;
  }

  read(userId: string, target: string, times = 1): Promise<Reading[]> {
    return this.tell('read', { userId, target, times });
  }

  store(stored: Stored): Promise<void> {
    return this.tell('store', { ...stored });
  }

  advance(seconds: number): Promise<void> {
    return this.tell('advance', { seconds });
  }

  /** Milliseconds from each answer of the provider to its commit, since the last call. */
  commits(): Promise<number[]> {
    return this.tell('commits', {});
  }

  /** How often it has renewed a lease. */
  renewals(): Promise<number> {
    return this.tell('renewals', {});
  }

  async close(): Promise<void> {
    await this.tell('close', {});
    await this.ended;
  }

  /** At once, between whichever two instructions. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Rejects when the process ends before it answers. */
  private async tell<Result>(action: string, parameters: Readonly<Record<string, unknown>>): Promise<Result> {
    const id = (this.count += 1);
    const answered = new Promise<Answer>((resolve) => this.waiting.set(id, resolve));
    this.child.send({ id, action, ...parameters }, () => undefined);
    const gone = this.ended.then((): never => {
      throw new Error(`the process ended: ${this.complaints}`);
    });
    const { result, error } = await Promise.race([answered, gone]);
    this.waiting.delete(id);
    if (error !== undefined) throw new Error(error);
    return result as Result;
  }
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}
