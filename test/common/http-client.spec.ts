import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpClient } from '../../src/common/http-client.js';

const answers: Record<string, RequestListener> = {
  '/good': (_, response) => response.end('good'),
  '/empty': (_, response) => response.writeHead(204).end(),
  '/redirect': (_, response) => response.writeHead(302, { location: '/good' }).end(),
  '/endless': (_, response) => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const more = (): void =>
      void (
        response.destroyed || (response.write(chunk) ? setImmediate(more) : response.once('drain', more))
      );
    more();
  },
  '/silent': () => undefined,
  '/trickle': (_, response) => {
    const timer = setInterval(() => response.write('x'), 200);
    response.once('close', () => clearInterval(timer));
  },
  '/dropped': (request) => request.socket.destroy(),
  '/half': (request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setImmediate(() => request.socket.destroy());
  },
};

describe('the HTTP client', () => {
  const { fetch } = new HttpClient();
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => answers[request.url ?? '']?.(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('hands on an answer complete', async () => {
    const response = await fetch(`${url}/good`);
    expect([response.status, await response.text()]).toEqual([200, 'good']);
    expect((await fetch(`${url}/empty`)).status).toBe(204);
  });

  it('does not follow a redirect (SF-04)', async () => {
    const response = await fetch(`${url}/redirect`);
    expect([response.status, response.headers.get('location')]).toEqual([302, '/good']);
  });

  it('gives up on an endless answer long before it fills the memory (RX-08)', async () => {
    await expect(fetch(`${url}/endless`)).rejects.toMatchObject({ code: 'connector.invalid_response' });
  });

  it.each(['/silent', '/trickle'])(
    'gives up on an answer that does not end in time: %s (RX-06)',
    async (path) => {
      await expect(fetch(`${url}${path}`)).rejects.toMatchObject({ code: 'connector.provider_timeout' });
    },
  );

  it.each(['/dropped', '/half'])('reports a lost connection: %s', async (path) => {
    await expect(fetch(`${url}${path}`)).rejects.toMatchObject({ code: 'connector.provider_unavailable' });
  });

  it('reports an address where nobody listens', async () => {
    await expect(fetch('http://127.0.0.1:9/')).rejects.toMatchObject({
      code: 'connector.provider_unavailable',
    });
  });
});
