import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built backend in a process of its own, with the variables given and no others. */
export class BackendProcess {
  private readonly child: ChildProcess;
  private output = { stdout: '', stderr: '' };
  readonly ended: Promise<Ended>;

  constructor(variables: Readonly<Record<string, string>>, nodeOptions: readonly string[] = []) {
    if (!existsSync(main)) throw new Error('the backend is not built: run "npm run build" first');
    const { PATH = '' } = process.env;
    this.child = spawn(process.execPath, [...nodeOptions, main], { env: { PATH, ...variables } });
    for (const name of ['stdout', 'stderr'] as const)
      this.child[name]!.setEncoding('utf8').on('data', (text: string) => (this.output[name] += text));
    this.ended = once(this.child, 'close').then((parts) => {
      const [code, signal] = parts as [number | null, NodeJS.Signals | null];
      return { code, signal, ...this.output };
    });
  }

  get stdout(): string {
    return this.output.stdout;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get isKilled(): boolean {
    return this.child.killed;
  }

  /** Until it says that it runs; rejects with what it printed when it ends before. */
  async running(): Promise<this> {
    const greeted = new Promise<void>((resolve) => {
      const look = () => this.stdout.includes('Latchkey is running at') && resolve();
      this.child.stdout!.on('data', look);
      look();
    });
    const early = this.ended.then(({ code, stdout, stderr }) => {
      throw new Error(`the backend ended with ${code} before it ran: ${stdout}${stderr}`);
    });
    await Promise.race([greeted, early]);
    early.catch(() => undefined);
    return this;
  }

  end(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}
