import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import { randomId } from '../../src/common/random.js';
import { Deliveries } from '../../src/events/webhooks/deliveries.js';
import { Delivery } from '../../src/events/webhooks/delivery.entity.js';
import { databaseKinds } from '../support/databases.js';
import { json } from '../support/hostile-issuer-http.js';
import { DeliveriesStage } from './deliveries-stage.js';
import { until } from './stage.js';

const LIMIT = 100;
const LANES = 20;
const PARALLEL = 4;

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `user-${index}`);

describe.each(databaseKinds)('webhooks, of which there are many, on %s', (kind) => {
  let stage: DeliveriesStage;

  beforeAll(async () => {
    stage = await DeliveriesStage.open(kind);
  });

  afterEach(() => stage.reset());

  afterAll(() => stage.close());

  it('are a hundred at most, also where they are made at the same moment', async () => {
    const body = { events: ['User.Deleted'], config: { url: stage.receiver.url } };
    const create = () => stage.instance.ask('POST', 'hooks', body);
    for (let count = 5; count < LIMIT; count += 1) await create();
    const answers = await Promise.all(Array.from({ length: 12 }, create));
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body: { code, data } }) => ({ status, code, data }))).toEqual(
      Array.from({ length: 7 }, () => ({
        status: 422,
        code: 'hook.limit_exceeded',
        data: { limit: LIMIT },
      })),
    );
    const { list } = await stage.instance.ask('GET', 'hooks');
    expect(list).toHaveLength(LIMIT);
    await stage.instance.ask('DELETE', `hooks/${String(list[0]?.['id'])}`);
    expect((await create()).status).toBe(201);
  });

  it('take turns where more have something to send than are served at a time', async () => {
    let held: (() => void)[] = [];
    stage.receiver.reply = () => new Promise((resolve) => void held.push(() => resolve(json({}))));
    for (let count = 0; count < LANES; count += 1) await stage.hook();
    await stage.publish(...names(5 * PARALLEL));
    await until(() => held.length >= LANES * PARALLEL, 'all lanes are taken');
    const last = await stage.hook(stage.other);
    await stage.publish('of the last one');
    const isThere = () => stage.instance.dataSource.getRepository(Delivery).existsBy({ hookId: last.id });
    await until(isThere, 'the last one has something to send');
    for (let round = 1; round <= 3 && stage.other.requests.length === 0; round += 1) {
      stage.clock.advance(11);
      const release = held;
      held = [];
      for (const answer of release) answer();
      await until(
        () => stage.other.requests.length > 0 || held.length >= LANES * PARALLEL,
        `turn ${round} is over`,
      );
    }
    expect(stage.other.messages.map(({ userId }) => userId)).toEqual(['of the last one']);
    stage.receiver.reply = () => json({});
    for (const answer of held) answer();
  });

  /** How often the event loop had gone round, each time that this was called. */
  function loopsAt<Name extends 'take' | 'addAll'>(name: Name, isMeant: (of: unknown) => boolean): number[] {
    const deliveries = stage.instance.get(Deliveries) as unknown as Record<Name, (...of: never[]) => unknown>;
    const loops: number[] = [];
    const original = deliveries[name].bind(deliveries);
    deliveries[name] = (...of) => {
      if (isMeant(of[0])) loops.push(performance.nodeTiming.uvMetricsInfo.loopCount);
      return original(...of);
    };
    return loops;
  }

  it('leave room for requests between any two deliveries that are begun', async () => {
    const hook = await stage.hook();
    const loops = loopsAt('take', (hookId) => hookId === hook.id);
    const now = stage.clock.now();
    const times = { createdAt: now, occurredAt: now, dueAt: now, attemptedAt: null };
    const told = { hookId: hook.id, event: 'TokenSet.Stored' as const, data: '{}', responseStatus: null };
    await stage.instance.dataSource.getRepository(Delivery).insert(
      names(20).map((userId) => ({
        ...told,
        ...times,
        id: randomId(21),
        userId,
        lastError: null,
        attempts: 0,
      })),
    );
    await stage.arrived(hook, 20);
    expect(loops.length).toBeGreaterThanOrEqual(20);
    expect(new Set(loops).size).toBe(loops.length);
  });

  it('leave room for requests between events that are handed on', async () => {
    const hook = await stage.hook();
    const loops = loopsAt('addAll', () => true);
    await stage.publish(...names(100));
    await stage.arrived(hook, 100);
    expect(new Set(loops).size).toBeGreaterThanOrEqual(5);
  });
});
