import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Stands between a backend and its PostgreSQL, and goes silent as a network does that has lost a connection: what is sent
 * arrives nowhere, nothing comes back, and neither end is told.
 */
export class SilentProxy {
  private readonly server: Server = createServer((client) => this.pass(client));
  private readonly sockets = new Set<Socket>();
  private isSilent = false;

  private constructor(private readonly target: URL) {}

  static async before(databaseUrl: string): Promise<SilentProxy> {
    const proxy = new SilentProxy(new URL(databaseUrl));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  /** Of the same database, by way of the proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  /** Those connections that are there, and none that comes. */
  silencePresent(): void {
    for (const socket of this.sockets) socket.pause();
  }

  /** Those that come, too, until it is over. */
  silenceAll(): void {
    this.isSilent = true;
    this.silencePresent();
  }

  /** What was sent meanwhile arrives late. */
  resume(): void {
    this.isSilent = false;
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private pass(client: Socket): void {
    const server = connect(Number(this.target.port || 5432), this.target.hostname);
    this.join(client, server);
    this.join(server, client);
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('data', (bytes) => to.write(bytes));
    from.on('error', () => undefined);
    from.once('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
    if (this.isSilent) from.pause();
  }
}
