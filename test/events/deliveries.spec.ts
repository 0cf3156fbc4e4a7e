import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyWebhook } from '../../src/events/webhooks/verify-webhook.js';
import { databaseKinds } from '../support/databases.js';
import { DeliveriesStage } from './deliveries-stage.js';
import { isSignedBy, status, taken } from './receiver.js';
import { until } from './stage.js';

const DAY_SECONDS = 86_400;

describe.each(databaseKinds)('a delivery, on %s', (kind) => {
  let stage: DeliveriesStage;

  beforeAll(async () => {
    stage = await DeliveriesStage.open(kind);
  });

  afterEach(() => stage.reset());

  afterAll(() => stage.close());

  it('is signed as Logto signs, and over its time, and says what has happened', async () => {
    const { receiver, instance } = stage;
    const headers = { authorization: 'Bearer of the receiver', 'x-tenant': 'one' };
    const hook = await stage.hook(receiver, { config: { url: `${receiver.url}?a=b`, headers } });
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    const [request] = receiver.requests;
    if (!request) throw new Error('nothing arrived');
    expect(isSignedBy(hook.signingKey, request)).toEqual({ logto: true, latchkey: true });
    expect(isSignedBy('another key', request)).toEqual({ logto: false, latchkey: false });
    expect(request).toMatchObject({ method: 'POST', path: '/webhooks' });
    expect(request.headers).toMatchObject({ ...headers, 'content-type': 'application/json' });
    const message = verifyWebhook({ ...request, rawBody: request.body, signingKey: hook.signingKey });
    expect(message).toEqual({
      hookId: hook.id,
      deliveryId: request.headers['latchkey-delivery-id'],
      event: 'TokenSet.Stored',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      userId: 'ada',
      data: { connectorId: 'google', target: 'google', secretId: 'secret-of-a-user' },
    });
    const [log] = await stage.logs(hook);
    expect(log).toMatchObject({
      id: message.deliveryId,
      key: 'TriggerHook.TokenSet.Stored',
      payload: {
        result: 'Success',
        attempts: 1,
        response: { statusCode: 200 },
        hookRequest: { body: message },
      },
    });
    expect(instance.logs.join('\n')).not.toContain('of the receiver');
  });

  it('goes to each webhook that wants the event, and is on, alone', async () => {
    const hook = await stage.hook();
    await stage.hook(stage.other, { events: ['User.Deleted'] });
    await stage.hook(stage.other, { enabled: false });
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    await stage.instance.events.publish({ event: 'User.Deleted', userId: 'ada', data: {} });
    await until(() => stage.other.requests.length > 0, 'the other event arrives');
    expect(stage.receiver.messages.map(({ event }) => event)).toEqual(['TokenSet.Stored']);
    expect(stage.other.messages.map(({ event }) => event)).toEqual(['User.Deleted']);
  });

  it('is signed by the former key too for a day after the key was changed', async () => {
    const hook = await stage.hook();
    const rotated = await stage.instance.ask('PATCH', `hooks/${hook.id}/signing-key`);
    const signingKey = String(rotated.body['signingKey']);
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    stage.clock.advance(DAY_SECONDS);
    await stage.publish('ada');
    await stage.arrived(hook, 2);
    const [during, after] = stage.receiver.requests;
    if (!during || !after) throw new Error('nothing arrived');
    expect(isSignedBy(signingKey, during)).toEqual({ logto: true, latchkey: true });
    expect(isSignedBy(hook.signingKey, during)).toEqual({ logto: false, latchkey: true });
    const asLogto = { 'logto-signature-sha-256': during.headers['logto-signature-sha-256-previous'] };
    expect(isSignedBy(hook.signingKey, { ...during, headers: asLogto }).logto).toBe(true);
    expect(isSignedBy(signingKey, after)).toEqual({ logto: true, latchkey: true });
    expect(isSignedBy(hook.signingKey, after)).toEqual({ logto: false, latchkey: false });
    expect(after.headers['logto-signature-sha-256-previous']).toBeUndefined();
  });

  it('is tried again under the same id and with the same body, signed at its own time', async () => {
    stage.receiver.reply = (request, nth) => (nth < 3 ? status(500)(request, nth) : taken(request, nth));
    const hook = await stage.hook();
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    await stage.nextAttempt(hook, 15);
    expect(stage.receiver.requests).toHaveLength(2);
    await stage.nextAttempt(hook, 40);
    expect(stage.receiver.requests).toHaveLength(3);
    expect(new Set(stage.receiver.requests.map(({ body }) => body)).size).toBe(1);
    const times = stage.receiver.requests.map(({ headers }) => Number(headers['latchkey-timestamp']));
    expect(times[2]).toBeGreaterThanOrEqual((times[0] ?? 0) + 55);
    for (const request of stage.receiver.requests)
      expect(isSignedBy(hook.signingKey, request)).toEqual({ logto: true, latchkey: true });
    expect(await stage.results(hook)).toEqual(['Success']);
  });

  it('is given up after ten attempts in about a day, stays visible, and can be sent again', async () => {
    stage.receiver.reply = status(404);
    const hook = await stage.hook();
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    const begun = stage.clock.now();
    for (let attempt = 2; attempt <= 10; attempt++) {
      const [log] = await stage.logs(hook);
      const pause = Date.parse(String(log?.payload.nextAttemptAt)) / 1000 - stage.clock.now();
      await stage.nextAttempt(hook, pause);
      expect(stage.receiver.requests).toHaveLength(attempt);
    }
    const hours = (stage.clock.now() - begun) / 3600;
    expect(hours).toBeGreaterThan(18);
    expect(hours).toBeLessThan(28);
    const [dead] = await stage.logs(hook);
    expect(dead?.payload).toMatchObject({
      result: 'Error',
      error: 'hook.endpoint_responded_with_error',
      attempts: 10,
      response: { statusCode: 404 },
      nextAttemptAt: null,
    });
    stage.receiver.reply = taken;
    const path = `hooks/${hook.id}/deliveries/${dead?.id}/redeliver`;
    expect((await stage.instance.ask('POST', path)).status).toBe(202);
    await stage.arrived(hook, 11);
    expect(await stage.results(hook)).toEqual(['Success']);
    expect(new Set(stage.receiver.deliveryIds).size).toBe(1);
  });

  it('is sent again by nobody but its own webhook', async () => {
    const [hook, another] = [await stage.hook(), await stage.hook(stage.other)];
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    const [log] = await stage.logs(hook);
    const path = `hooks/${another.id}/deliveries/${log?.id}/redeliver`;
    expect((await stage.instance.ask('POST', path)).status).toBe(404);
  });

  it('is given up at once where the endpoint is gone (410), and the webhook goes on', async () => {
    stage.receiver.reply = (request, nth) => (nth === 1 ? status(410)(request, nth) : taken(request, nth));
    const hook = await stage.hook();
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    expect(await stage.results(hook)).toEqual(['Error']);
    await stage.publish('grace');
    await stage.arrived(hook, 2);
    expect((await stage.results(hook)).sort()).toEqual(['Error', 'Success']);
  });

  it.each([
    ['60', 60],
    ['999999999', 3600],
  ])('and all others wait as long as the endpoint asks (Retry-After: %s)', async (header, seconds) => {
    stage.receiver.reply = (request, nth) =>
      nth === 1 ? status(429, { 'retry-after': header })(request, nth) : taken(request, nth);
    const hook = await stage.hook();
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    await stage.publish('grace');
    await until(async () => (await stage.logs(hook)).length === 2, 'the second one is there');
    await stage.publish('witness');
    const witness = await stage.hook(stage.other);
    await stage.publish('told-elsewhere');
    await stage.arrived(witness, 1, stage.other);
    expect(stage.receiver.requests).toHaveLength(1);
    stage.clock.advance(seconds + 1);
    await until(() => new Set(stage.receiver.deliveryIds).size === 4, 'all of them arrive');
    await stage.settled(hook);
    expect(stage.receiver.requests).toHaveLength(5);
  });

  it('is not followed by others that were due with it where the endpoint asks for a pause', async () => {
    stage.receiver.reply = status(503, { 'retry-after': '60' });
    const hook = await stage.hook();
    await stage.publish(...Array.from({ length: 20 }, (_, index) => `user-${index}`));
    await until(async () => (await stage.logs(hook)).length === 20, 'all of them are there');
    await until(
      () => stage.receiver.requests.length > 0 && !stage.isServed(hook.id),
      'the first have failed',
    );
    await stage.hook(stage.other);
    stage.clock.advance(15);
    await stage.publish('witness');
    await until(() => stage.other.requests.length === 1, 'the other webhook has its own');
    expect(stage.receiver.requests.length).toBeLessThanOrEqual(4);
    stage.receiver.reply = taken;
    stage.clock.advance(60);
    await until(
      async () => (await stage.results(hook)).every((result) => result === 'Success'),
      'all arrive',
    );
  });

  it('is sent at once where its webhook is switched on again', async () => {
    stage.receiver.reply = status(500);
    const hook = await stage.hook();
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    stage.receiver.reply = taken;
    for (const enabled of [false, true]) await stage.instance.ask('PATCH', `hooks/${hook.id}`, { enabled });
    await stage.arrived(hook, 2);
    expect(await stage.results(hook)).toEqual(['Success']);
  });

  it('rests while its webhook is off, and is sent once that is on again', async () => {
    stage.receiver.reply = status(500);
    const hook = await stage.hook();
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    await stage.instance.ask('PATCH', `hooks/${hook.id}`, { enabled: false });
    stage.clock.advance(3600);
    const witness = await stage.hook(stage.other);
    await stage.publish('grace');
    await stage.arrived(witness, 1, stage.other);
    expect(stage.receiver.requests).toHaveLength(1);
    stage.receiver.reply = taken;
    await stage.instance.ask('PATCH', `hooks/${hook.id}`, { enabled: true });
    await stage.arrived(hook, 2);
    expect(await stage.results(hook)).toEqual(['Success']);
  });

  it('ends with its webhook', async () => {
    stage.receiver.reply = status(500);
    const hook = await stage.hook();
    await stage.publish('ada');
    await stage.arrived(hook, 1);
    expect((await stage.instance.ask('DELETE', `hooks/${hook.id}`)).status).toBe(204);
    expect(await stage.instance.dataSource.query('SELECT id FROM latchkey_hook_deliveries')).toEqual([]);
  });

  it('is listed newest first, by pages and by event, with the number of all', async () => {
    const hook = await stage.hook(stage.receiver, { events: ['TokenSet.Stored', 'User.Deleted'] });
    for (const user of ['one', 'two', 'three']) {
      await stage.publish(user);
      await until(() => stage.receiver.messages.some(({ userId }) => userId === user), `${user} arrives`);
      stage.clock.advance(2);
    }
    await stage.instance.events.publish({ event: 'User.Deleted', userId: 'one', data: {} });
    await stage.arrived(hook, 4);
    const path = `hooks/${hook.id}/recent-logs`;
    const page = await stage.instance.ask('GET', `${path}?page=2&page_size=2`);
    const usersOf = (list: unknown[]) =>
      (list as Awaited<ReturnType<DeliveriesStage['logs']>>).map(
        ({ payload }) => payload.hookRequest.body.userId,
      );
    expect(page.headers.get('total-number')).toBe('4');
    expect(usersOf(page.list)).toEqual(['two', 'one']);
    const deleted = await stage.instance.ask('GET', `${path}?logKey=TriggerHook.User.Deleted`);
    expect(usersOf(deleted.list)).toEqual(['one']);
    for (const query of ['page=0', 'page=a', 'page_size=101', 'logKey=TriggerHook.No', 'other=1'])
      expect([query, (await stage.instance.ask('GET', `${path}?${query}`)).status]).toEqual([query, 400]);
  });
});
