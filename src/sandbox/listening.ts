import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listener {
  readonly port: number;
  /** Requests that came before this call wait for it. */
  serve(handler: RequestListener): void;
  /** Ends every connection, also one that is kept alive or still waits for an answer. */
  close(): Promise<void>;
}

/** As Fastify has it. Node's own five seconds are so few that a request may meet the end of the connection it goes over. */
export const KEEP_ALIVE_MILLISECONDS = 72_000;

/**
 * Listens before there is anything to serve, because an issuer must know its own port.
 * `localhost` is 127.0.0.1 for one client and ::1 for the next, so both are taken where the machine has both.
 */
export async function listenOnLoopback(port: number): Promise<Listener> {
  let handle: (handler: RequestListener) => void = () => undefined;
  const handler = new Promise<RequestListener>((resolve) => (handle = resolve));
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void handler.then((serve) => serve(request, response));
  };
  const first = await listening(
    createServer({ keepAliveTimeout: KEEP_ALIVE_MILLISECONDS }, answer),
    port,
    '127.0.0.1',
  );
  const takenPort = (first.address() as AddressInfo).port;
  const second = await listening(
    createServer({ keepAliveTimeout: KEEP_ALIVE_MILLISECONDS }, answer),
    takenPort,
    '::1',
  ).catch((error: NodeJS.ErrnoException) => {
    if (isWithoutVersion6(error)) return undefined;
    first.close();
    throw error;
  });
  const servers = second === undefined ? [first] : [first, second];
  return {
    port: takenPort,
    serve: handle,
    close: async () => void (await Promise.all(servers.map(closing))),
  };
}

function listening(server: Server, port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.off('error', reject)));
  });
}

const isWithoutVersion6 = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
