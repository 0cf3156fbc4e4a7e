import type { INestApplication } from '@nestjs/common';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const GRACE_SECONDS = 10;

/**
 * Ends the process on SIGINT and SIGTERM: no new connection is taken, requests that are under way are answered
 * (for ten seconds at most), then everything is closed in order and the exit code is 0.
 */
export function closeOnSignal(app: INestApplication, closeTheRest: () => Promise<void>): void {
  const server = app.getHttpServer() as Server;
  const unused = unusedConnections(server);
  const close = async (): Promise<void> => {
    setTimeout(() => server.closeAllConnections(), GRACE_SECONDS * 1000).unref();
    for (const socket of unused) socket.destroy();
    await app.close();
    await closeTheRest();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close());
}

/** Browsers connect before they ask. Node waits for such a connection as if something had been asked on it. */
function unusedConnections(server: Server): ReadonlySet<Socket> {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  return unused;
}
