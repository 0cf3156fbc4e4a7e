import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import { createServer as createWebServer, type Server as WebServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { isLatchkeyError } from '../../src/common/errors.js';
import { HttpClient } from '../../src/common/http-client.js';
import {
  assertPublicEndpoints,
  assertPublicUrl,
  isPublicAddress,
  lookupBy,
  type Resolve,
} from '../../src/common/private-addresses.js';
import { forbiddenHosts } from '../support/forbidden-hosts.js';

const nobody: ReadonlySet<string> = new Set();
const refused = (reason: string) => ({ code: 'connector.address_forbidden', data: { reason } });

const reasonOf = (url: string): unknown => {
  try {
    return assertPublicUrl(url, nobody).href;
  } catch (error) {
    return isLatchkeyError(error) ? error.data?.['reason'] : error;
  }
};

/** A resolver whose answers change from one question to the next. */
const answering = (...answers: readonly (readonly string[])[]): Resolve & { readonly asked: string[] } => {
  const asked: string[] = [];
  const resolve: Resolve = async (hostname) => {
    asked.push(hostname);
    const answer = answers[Math.min(asked.length, answers.length) - 1] ?? [];
    return answer.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return Object.assign(resolve, { asked });
};

describe('a guarded request', () => {
  let listener: Server;
  let port: number;
  let connections = 0;

  beforeAll(async () => {
    listener = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => listener.listen(0, resolve));
    ({ port } = listener.address() as AddressInfo);
  });

  beforeEach(() => {
    connections = 0;
  });

  afterAll(() => void listener.close());

  it('would be seen by the listener of these tests', async () => {
    await new HttpClient().fetch(`https://127.0.0.1:${port}/`).catch(() => undefined);
    expect(connections).toBe(1);
  });

  it('knows more than 150 spellings of addresses that it may not go to', () => {
    const reasons = forbiddenHosts.map((host) => reasonOf(`https://${host}/`));
    expect(reasons.filter((reason) => reason === 'address').length).toBeGreaterThan(150);
    expect(new Set(reasons)).toEqual(new Set(['address', 'malformed']));
    expect(new Set(forbiddenHosts).size).toBe(forbiddenHosts.length);
  });

  it('goes to none of them, however it is spelled (SF-01)', async () => {
    const fetch = new HttpClient().guarded(nobody);
    const outcomes = await Promise.all(
      forbiddenHosts.map(async (host) => {
        const failure: unknown = await fetch(`https://${host}:${port}/`).catch((error: unknown) => error);
        return [host, failure];
      }),
    );
    for (const [host, failure] of outcomes)
      expect([host, failure]).toEqual([
        host,
        expect.objectContaining({ code: 'connector.address_forbidden' }),
      ]);
    expect(connections).toBe(0);
  });

  it.each([
    'file:///etc/passwd',
    'ftp://files.example/',
    'gopher://a.example/',
    'data:text/plain,a',
    'http+unix://%2Fvar%2Frun/',
  ])('speaks no other protocol: %s (SF-07)', async (url) => {
    await expect(new HttpClient().guarded(nobody)(url)).rejects.toMatchObject(refused('scheme'));
  });

  it('speaks plain http with the hosts alone that may be private', async () => {
    await expect(new HttpClient().guarded(nobody)('http://a.example/')).rejects.toMatchObject(
      refused('scheme'),
    );
  });

  it.each([0, 1, 21, 22, 25, 79, 81, 110, 444, 465, 993, 1023, 3306, 5432, 6379, 9200, 11211, 27017])(
    'goes to no port that is not one of a web server: %i (SF-07)',
    async (number) => {
      await expect(new HttpClient().guarded(nobody)(`https://a.example:${number}/`)).rejects.toMatchObject(
        refused('port'),
      );
    },
  );

  it('carries no credentials in its address (SF-06)', async () => {
    const fetch = new HttpClient().guarded(new Set(['a.example']));
    for (const url of [
      'https://user@a.example/',
      'https://user:secret@a.example/',
      'https://a.example@evil.example/',
    ])
      await expect(fetch(url)).rejects.toMatchObject(refused('credentials'));
  });

  it.each([
    ['a name that leads inside', ['127.0.0.1']],
    ['a name that leads inside among other places', ['93.184.215.14', '127.0.0.1']],
    ['a name that leads inside by IPv6', ['::1']],
    ['a name that leads inside by a translated address', ['64:ff9b::7f00:1']],
  ])('does not follow %s (SF-01)', async (_, answer) => {
    const resolve = answering(answer);
    const fetch = new HttpClient(resolve).guarded(nobody);
    await expect(fetch(`https://inside.example:${port}/`)).rejects.toMatchObject(refused('address'));
    expect([resolve.asked, connections]).toEqual([['inside.example'], 0]);
  });

  it('judges the address that it connects to, and not an earlier answer (SF-01, F15)', async () => {
    const resolve = answering(['93.184.215.14'], ['127.0.0.1']);
    const issuer = `https://rebinding.example:${port}`;
    await assertPublicEndpoints({ issuer }, nobody, resolve);
    await expect(new HttpClient(resolve).guarded(nobody)(issuer)).rejects.toMatchObject(refused('address'));
    expect([resolve.asked.length, connections]).toEqual([2, 0]);
  });

  it('goes to a private address where that very host and port is on the list, and to no other (SF-08)', async () => {
    const resolve = answering(['127.0.0.1']);
    const fetch = new HttpClient(resolve).guarded(new Set([`inside.example:${port}`]));
    await expect(fetch(`https://inside.example:${port}/`)).rejects.toMatchObject({
      code: 'connector.provider_unavailable',
    });
    expect(connections).toBe(1);
    await expect(fetch(`https://other.example:${port}/`)).rejects.toMatchObject(refused('address'));
    await expect(fetch(`https://inside.example:${port + 1}/`)).rejects.toMatchObject(refused('address'));
    expect(connections).toBe(1);
  });
});

describe('a guarded request to a host on the list', () => {
  let server: WebServer;
  let host: string;
  const http = new HttpClient(answering(['127.0.0.1']));

  beforeAll(async () => {
    server = createWebServer((request, response) => {
      if (request.url === '/inside')
        return response.writeHead(302, { location: 'https://169.254.169.254/' }).end();
      if (request.url === '/endless') return void response.write('x'.repeat(2 * 1024 * 1024));
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      return request.on('end', () =>
        response.setHeader('x-seen', String(request.headers['x-sent'])).end(`${request.method} ${body}`),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    host = `inside.example:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    await http.onApplicationShutdown();
    server.closeAllConnections();
    server.close();
  });

  const ask = (path: string, init?: RequestInit) =>
    http.guarded(new Set([host]))(`http://${host}${path}`, init);

  it('brings body and headers there and back', async () => {
    const init = {
      method: 'POST',
      body: new URLSearchParams({ a: '1 2' }),
      headers: new Headers({ 'x-sent': 'y' }),
    };
    const response = await ask('/', init);
    expect([response.status, await response.text(), response.headers.get('x-seen')]).toEqual([
      200,
      'POST a=1+2',
      'y',
    ]);
  });

  it('does not follow a redirect (SF-04)', async () => {
    expect((await ask('/inside')).status).toBe(302);
  });

  it('gives up on an endless answer (RX-08)', async () => {
    await expect(ask('/endless')).rejects.toMatchObject({ code: 'connector.invalid_response' });
  });

  it('is over once the application is', async () => {
    const ended = new HttpClient(answering(['127.0.0.1']));
    await ended.onApplicationShutdown();
    await expect(ended.guarded(new Set([host]))(`http://${host}/`)).rejects.toMatchObject({
      code: 'connector.provider_unavailable',
    });
  });
});

describe('the lookup of a connection', () => {
  it.each([true, false])('hands on what it has accepted, whether all are wanted: %s', async (all) => {
    const lookup = lookupBy(answering(['93.184.215.14', '2606:4700::1111']), isPublicAddress);
    const found = await new Promise((resolve) =>
      lookup('public.example', { all }, (error, address, family) => resolve([error, address, family])),
    );
    const [first, second] = ['93.184.215.14', '2606:4700::1111'];
    expect(found).toEqual(
      all
        ? [
            null,
            [
              { address: first, family: 4 },
              { address: second, family: 6 },
            ],
            undefined,
          ]
        : [null, first, 4],
    );
  });

  it('is one that a connection of the platform takes', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const lookup = lookupBy(answering(['127.0.0.1']), () => true);
    const socket = connect({ host: 'any.example', port, lookup });
    const text = await new Promise((resolve, reject) => {
      socket.once('data', (data) => resolve(data.toString())).once('error', reject);
    });
    expect(text).toBe('hello');
    socket.destroy();
    server.close();
  });

  it('finds no address in an empty answer', async () => {
    const fetch = new HttpClient(answering([])).guarded(nobody);
    await expect(fetch('https://nowhere.example/')).rejects.toMatchObject(refused('address'));
  });

  it('reports a name that cannot be resolved as a provider that cannot be reached', async () => {
    const fetch = new HttpClient(() => Promise.reject(new Error('ENOTFOUND'))).guarded(nobody);
    await expect(fetch('https://nowhere.example/')).rejects.toMatchObject({
      code: 'connector.provider_unavailable',
    });
  });
});

describe('an address', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2001:4860:4860::8888',
    '2606:4700:4700::1111',
    '2a00:1450:4001::1',
    '3fff:1000::1',
  ])('is public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
    expect(
      assertPublicUrl(`https://${address.includes(':') ? `[${address}]` : address}/`, nobody),
    ).toBeInstanceOf(URL);
  });

  it.each(['', 'name.example', '8.8.8.8/8', 'fe80::1%eth0', '2606:4700::1%eth0', '08.8.8.8'])(
    'is not an address, so not a public one: %s',
    (text) => {
      expect(isPublicAddress(text)).toBe(false);
    },
  );
});

describe('a configuration', () => {
  const config = {
    issuer: 'https://issuer.example',
    clientId: 'https://10.0.0.1',
    clientSecret: 'x://10.0.0.1',
    scope: 'http://10.0.0.1/a',
  };

  it('is judged by every field that names an endpoint, which the refusal names (SF-01)', async () => {
    for (const field of ['issuer', 'tokenEndpoint', 'endpoint', 'apiEndpoint', 'logoUrl', 'jwksUri'])
      await expect(
        assertPublicEndpoints({ ...config, [field]: 'https://10.0.0.1/' }, nobody, answering(['8.8.8.8'])),
      ).rejects.toMatchObject({ code: 'connector.address_forbidden', data: { reason: 'address', field } });
  });

  it('is judged by where its names lead to (SF-01)', async () => {
    await expect(
      assertPublicEndpoints(config, nobody, answering(['8.8.8.8', '10.1.2.3'])),
    ).rejects.toMatchObject({
      data: { reason: 'address', field: 'issuer' },
    });
    await expect(assertPublicEndpoints(config, nobody, answering(['8.8.8.8']))).resolves.toBeUndefined();
  });

  it('may name private hosts that are on the list (SF-08)', async () => {
    const own = { issuer: 'http://keycloak:8080/realms/a' };
    await expect(assertPublicEndpoints(own, new Set(['keycloak:8080']))).resolves.toBeUndefined();
    await expect(assertPublicEndpoints(own, new Set(['keycloak']))).rejects.toMatchObject({
      data: { reason: 'scheme' },
    });
  });

  it('may name a host that cannot be resolved now: it is judged again when it is used', async () => {
    const unknown: Resolve = () => Promise.reject(new Error('ENOTFOUND'));
    await expect(assertPublicEndpoints(config, nobody, unknown)).resolves.toBeUndefined();
  });

  it.each([undefined, null, 'text', 7, {}])('without endpoints is not refused: %s', async (empty) => {
    await expect(assertPublicEndpoints(empty, nobody)).resolves.toBeUndefined();
  });
});
