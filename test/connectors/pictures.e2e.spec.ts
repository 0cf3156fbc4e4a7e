import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createApplication, openStage, type Stage } from '../../src/conformance/stage.js';
import { sample } from '../conformance/subjects/sample.js';

let connections = 0;
let listener: Server;
let stage: Stage;
let picture: string;

beforeAll(async () => {
  listener = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  picture = `https://127.0.0.1:${(listener.address() as AddressInfo).port}/picture.png`;
  const profile = { user: { uuid: sample.identity.subject, display: 'Ada', photo: picture } };
  const subject = {
    ...sample,
    provider: (request: Parameters<typeof sample.provider>[0]) =>
      request.url.pathname === '/v1/whoami' ? { json: profile } : sample.provider(request),
  };
  stage = await openStage(subject, createApplication);
});

afterAll(async () => {
  await stage.close();
  await new Promise((resolve) => listener.close(resolve));
});

it('looks at no picture that a profile names, wherever it is: the address is only handed on (SF-09)', async () => {
  const started = await fetch(`${stage.url}/auth/social/conformance`, { redirect: 'manual' });
  const state = new URL(started.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const cookie = cookiesOf(started);
  const query = new URLSearchParams({ state, code: 'x' }).toString();
  const callback = `${stage.url}/callback/conformance?${query}`;
  const finished = await fetch(callback, { redirect: 'manual', headers: { cookie } });
  const me = await fetch(`${stage.url}/api/me`, { headers: { cookie: cookiesOf(finished) } });
  expect(await me.json()).toMatchObject({ name: 'Ada', avatar: picture });
  expect(connections).toBe(0);
});

const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
