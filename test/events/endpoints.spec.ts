import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { IsNull, Not } from 'typeorm';
import { Delivery } from '../../src/events/webhooks/delivery.entity.js';
import { databaseKinds } from '../support/databases.js';
import { DROP, spaces } from '../support/hostile-issuer-http.js';
import { DeliveriesStage, type MadeHook } from './deliveries-stage.js';
import { status, taken } from './receiver.js';
import { stored, until } from './stage.js';

/** Answers whatever comes with these bytes, and no more. */
async function rawServer(answer: string) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', () => socket.write(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe.each(databaseKinds)('an endpoint, with deliveries on %s', (kind) => {
  let stage: DeliveriesStage;

  beforeAll(async () => {
    stage = await DeliveriesStage.open(kind);
  });

  afterEach(() => stage.reset());

  afterAll(() => stage.close());

  const firstError = async (hook: MadeHook): Promise<string | undefined> => {
    await until(async () => (await stage.logs(hook))[0]?.payload.error !== undefined, 'it fails');
    return (await stage.logs(hook))[0]?.payload.error;
  };

  it.each([
    ['resets the connection', () => DROP, 'hook.endpoint_unreachable'],
    [
      'redirects to a private address',
      status(302, { location: 'http://127.0.0.1:1/' }),
      'hook.endpoint_responded_with_error',
    ],
    [
      'redirects to where the method stays',
      status(308, { location: '/elsewhere' }),
      'hook.endpoint_responded_with_error',
    ],
    ['has nothing modified', status(304), 'hook.endpoint_responded_with_error'],
    [
      'fails with an answer without end',
      () => ({ status: 500, headers: {}, body: spaces() }),
      'hook.endpoint_responded_with_error',
    ],
  ])('that %s has not taken the delivery, which is tried again', async (_, reply, error) => {
    stage.receiver.reply = reply as typeof taken;
    const hook = await stage.hook();
    await stage.publish('ada');
    expect(await firstError(hook)).toBe(error);
    expect(stage.receiver.requests.map(({ path }) => path)).toEqual(['/webhooks']);
    stage.receiver.reply = taken;
    await stage.settled(hook);
    await stage.nextAttempt(hook, 15);
    expect(await stage.results(hook)).toEqual(['Success']);
  });

  it.each([
    ['a status that is no number', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a status that there is not', 'HTTP/1.1 999 OK\r\ncontent-length: 0\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`],
  ])('that answers with %s has not taken the delivery, and breaks nothing', async (_, answer) => {
    const server = await rawServer(answer);
    const process = await stage.process({ receivers: [server] });
    const body = { events: ['TokenSet.Stored'], config: { url: server.url } };
    const created = await process.ask('POST', 'hooks', body);
    const trial = await process.ask('POST', `hooks/${String(created.body['id'])}/test`);
    expect(trial.status).toBe(422);
    expect(trial.body['code']).toMatch(/^hook\.(send_test_payload_failed|endpoint_responded_with_error)$/);
    await process.ask('DELETE', `hooks/${String(created.body['id'])}`);
    await process.close();
    server.close();
  });

  it('that takes the delivery with an answer without end has taken it', async () => {
    stage.receiver.reply = () => ({ status: 200, headers: {}, body: spaces() });
    const hook = await stage.hook();
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    expect(await stage.results(hook)).toEqual(['Success']);
  });

  it('that never answers has failed after ten seconds, and holds up no other meanwhile', async () => {
    const held: (() => void)[] = [];
    stage.receiver.reply = () => new Promise((resolve) => void held.push(() => resolve(DROP)));
    const slow = await stage.hook();
    const quick = await stage.hook(stage.other);
    const users = Array.from({ length: 30 }, (_, index) => `user-${index}`);
    await stage.publish(...users);
    await until(() => stage.other.requests.length === users.length, 'the quick one has all');
    await stage.settled(quick);
    expect(stage.receiver.requests.length).toBeLessThan(users.length);
    expect(await firstErrorOf(slow)).toBe('hook.endpoint_timeout');
    stage.receiver.reply = taken;
    for (const end of held) end();
  });

  /** Not of the newest, which has not had its turn. */
  const firstErrorOf = async (hook: MadeHook): Promise<string | undefined> => {
    const errors = async () => (await stage.logs(hook)).map(({ payload }) => payload.error).filter(Boolean);
    await until(async () => (await errors()).length > 0, 'one fails');
    return (await errors())[0];
  };

  it('hears once more what an instance had begun to send when it ended, from another one', async () => {
    const hook = await stage.hook();
    await stage.instance.dataSource.transaction((manager) =>
      stage.instance.events.publish(stored('ada'), manager),
    );
    await stage.arrived(hook, 1);
    const asBegun = { attempts: 1, dueAt: stage.clock.now() + 30, lastError: null, attemptedAt: null };
    await stage.instance.dataSource.getRepository(Delivery).update({ hookId: hook.id }, asBegun);
    const another = await stage.process();
    expect(stage.receiver.requests).toHaveLength(1);
    await stage.nextAttempt(hook, 31);
    expect(new Set(stage.receiver.deliveryIds).size).toBe(1);
    expect(await stage.results(hook)).toEqual(['Success']);
    await another.close();
  });

  it('that fails every third time loses none of 300 events over two instances', async () => {
    const another = await stage.process();
    stage.receiver.reply = (request, nth) =>
      nth % 3 === 0 ? status(500)(request, nth) : taken(request, nth);
    const hook = await stage.hook();
    const users = Array.from({ length: 300 }, (_, index) => `user-${index}`);
    for (let first = 0; first < users.length; first += 50)
      await Promise.all(
        users
          .slice(first, first + 50)
          .map((user, index) => (index % 2 ? another : stage.instance).events.publish(stored(user))),
      );
    const rows = stage.instance.dataSource.getRepository(Delivery);
    await until(async () => (await rows.countBy({ hookId: hook.id })) === users.length, 'all are there');
    for (let round = 1; round <= 20 && (await rows.existsBy({ dueAt: Not(IsNull()) })); round++) {
      stage.clock.advance(round === 1 ? 0 : 7200);
      await until(async () => stage.isSettled(await rows.find()), `round ${round} ends`);
    }
    expect(await rows.countBy({ dueAt: IsNull(), lastError: IsNull() })).toBe(users.length);
    const taken200 = stage.receiver.messages.filter((_, index) => (index + 1) % 3 !== 0);
    expect(new Set(taken200.map(({ userId }) => userId)).size).toBe(users.length);
    expect(new Set(stage.receiver.deliveryIds).size).toBe(users.length);
    await another.close();
  });
});
