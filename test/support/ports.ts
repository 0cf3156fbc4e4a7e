import { createServer } from 'node:net';

const FIRST = 20_000;
const PER_WORKER = 2_000;

let next = FIRST + (Number(process.env.JEST_WORKER_ID ?? '1') % 8) * PER_WORKER + (process.pid % 20) * 90;

/** A TCP port that nobody else of this run takes: each worker has a range of its own, below the ephemeral ports. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next++;
    if (await isFree(port)) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .once('listening', () => server.close(() => resolve(true)))
      .listen(port, 'localhost');
  });
