import { EventEmitter, once } from 'node:events';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';

export interface Credentials {
  readonly cookie?: string;
  readonly authorization?: string;
  /** Socket.IO's own place for a token. */
  readonly token?: string;
}

/** Either kind of client: sends, and hears the next event. */
export interface Line {
  send(event: string, data?: unknown): void;
  /** The next event that comes, of whatever name. */
  hear(): Promise<[event: string, data: unknown]>;
  close(): void;
}

/** Keeps what has come until somebody asks for it. */
class Inbox {
  private readonly arrivals = new EventEmitter();
  private readonly waiting: [string, unknown][] = [];

  put(event: string, data: unknown): void {
    this.waiting.push([event, data]);
    this.arrivals.emit('arrival');
  }

  async next(): Promise<[string, unknown]> {
    while (this.waiting.length === 0) await once(this.arrivals, 'arrival');
    return this.waiting.shift() as [string, unknown];
  }
}

export async function callSocketIo(
  url: string,
  { cookie, authorization, token }: Credentials,
): Promise<Line> {
  const extraHeaders = { ...(cookie && { cookie }), ...(authorization && { authorization }) };
  const auth = token === undefined ? {} : { token };
  const socket: Socket = io(url, {
    transports: ['websocket'],
    extraHeaders,
    auth,
    forceNew: true,
    reconnection: false,
  });
  const inbox = new Inbox();
  socket.onAny((event: string, data: unknown) => inbox.put(event, data));
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', () => resolve());
    socket.on('connect_error', reject);
  });
  return {
    send: (event, data = {}) => void socket.emit(event, data),
    hear: () => inbox.next(),
    close: () => void socket.close(),
  };
}

export async function callWs(url: string, { cookie, authorization }: Credentials): Promise<Line> {
  const headers = { ...(cookie && { cookie }), ...(authorization && { authorization }) };
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers });
  const inbox = new Inbox();
  socket.on('message', (text: Buffer) => {
    const { event, data } = JSON.parse(text.toString()) as { event: string; data: unknown };
    inbox.put(event, data);
  });
  await once(socket, 'open');
  return {
    send: (event, data = {}) => socket.send(JSON.stringify({ event, data })),
    hear: () => inbox.next(),
    close: () => socket.terminate(),
  };
}
