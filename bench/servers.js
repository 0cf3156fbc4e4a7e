/** Servers under measurement, each in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const PATIENCE_MILLISECONDS = 20_000;

export const hello = file('./hello.js');
export const guarded = file('./guarded.js');
export const indexedRead = file('./indexed-read.js');
export const main = file('../dist/src/main.js');

/** Started, and answering. `bootMilliseconds` is from the start of the process to the first answer. */
export async function startServer(script, { url, ...variables }) {
  const startedAt = performance.now();
  const { PATH } = process.env;
  const env = { PATH, PORT: new URL(url).port, ...variables };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (complaints += text));
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  while (!(await answers(url))) {
    const isLate = performance.now() - startedAt > PATIENCE_MILLISECONDS;
    if (child.exitCode === null && !isLate) continue;
    await stop();
    throw new Error(`${script} does not answer: ${complaints}`);
  }
  return { url, bootMilliseconds: performance.now() - startedAt, stop };
}

export async function freeUrl() {
  const probe = createServer().listen(0, 'localhost');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return `http://localhost:${port}`;
}

async function answers(url) {
  const outgoing = request(url, { agent: false }).end();
  try {
    const [response] = await once(outgoing, 'response');
    response.resume();
    return response.statusCode === 200;
  } catch {
    await delay(5);
    return false;
  }
}
