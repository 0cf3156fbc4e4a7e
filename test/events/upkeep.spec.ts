import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '../../src/audit/audit-entry.entity.js';
import { randomId } from '../../src/common/random.js';
import { Delivery } from '../../src/events/webhooks/delivery.entity.js';
import { databaseKinds } from '../support/databases.js';
import { DeliveriesStage, type MadeHook } from './deliveries-stage.js';
import { status, taken } from './receiver.js';
import { until } from './stage.js';

const LIMIT = 10_000;
const DAY_SECONDS = 86_400;

describe.each(databaseKinds)('the deliveries of a webhook, on %s', (kind) => {
  let stage: DeliveriesStage;

  beforeAll(async () => {
    stage = await DeliveriesStage.open(kind);
  });

  afterEach(() => stage.reset());

  afterAll(() => stage.close());

  const rows = () => stage.instance.dataSource.getRepository(Delivery);

  /** As many as if they had come about one after the other, a second apart. */
  async function fill({ id: hookId }: MadeHook, count: number, what: Partial<Delivery>): Promise<void> {
    const now = stage.clock.now();
    const told = {
      hookId,
      event: 'TokenSet.Stored' as const,
      userId: 'ada',
      data: '{}',
      responseStatus: null,
    };
    for (let first = 0; first < count; first += 500)
      await rows().insert(
        Array.from({ length: Math.min(500, count - first) }, (_, index) => {
          const createdAt = now - first - index;
          const times = { createdAt, occurredAt: createdAt, attemptedAt: null };
          return { ...told, ...times, id: randomId(21), dueAt: null, lastError: null, attempts: 1, ...what };
        }),
      );
  }

  it('are cleared away after 30 days', async () => {
    stage.receiver.reply = (request, nth) => (nth === 1 ? status(410)(request, nth) : taken(request, nth));
    const hook = await stage.hook();
    await stage.publish('dead');
    await stage.arrived(hook, 1);
    await stage.publish('delivered');
    await stage.arrived(hook, 2);
    stage.clock.advance(29 * DAY_SECONDS);
    await stage.publish('young');
    await stage.arrived(hook, 3);
    expect(await stage.logs(hook)).toHaveLength(3);
    stage.clock.advance(DAY_SECONDS + 60);
    await until(async () => (await stage.logs(hook)).length === 1, 'the old ones go');
    expect((await stage.logs(hook))[0]?.payload.hookRequest.body.userId).toBe('young');
  });

  it('are kept as the newest 10,000 that arrived and the newest 10,000 that did not', async () => {
    const hook = await stage.hook();
    await fill(hook, LIMIT + 250, {});
    await fill(hook, LIMIT + 250, { lastError: 'hook.endpoint_timeout' });
    stage.clock.advance(61);
    await until(async () => (await rows().countBy({ hookId: hook.id })) <= 2 * LIMIT, 'the oldest go');
    expect(await rows().countBy({ hookId: hook.id, lastError: 'hook.endpoint_timeout' })).toBe(LIMIT);
    const { oldest } = (await rows()
      .createQueryBuilder('delivery')
      .select('MIN(delivery.createdAt)', 'oldest')
      .where('delivery.hookId = :id', { id: hook.id })
      .getRawOne<{ oldest: number | string }>())!;
    expect(stage.clock.now() - Number(oldest)).toBeLessThan(LIMIT + 100);
  });

  it('of which 10,000 wait switch it off, on record; none is lost, and it can be switched on again', async () => {
    const hook = await stage.hook();
    await fill(hook, LIMIT, { dueAt: stage.clock.now() + DAY_SECONDS, lastError: 'hook.endpoint_timeout' });
    stage.clock.advance(61);
    const shown = async () => (await stage.instance.ask('GET', `hooks/${hook.id}`)).body;
    await until(async () => (await shown())['enabled'] === false, 'it is switched off');
    expect(await shown()).toMatchObject({ disabledReason: 'deliveries_piled_up' });
    await stage.publish('unwanted');
    expect(await rows().countBy({ hookId: hook.id })).toBe(LIMIT);
    const entries = await stage.instance.dataSource.getRepository(AuditEntry).findBy({ target: hook.id });
    expect(entries.map(({ event, reason }) => [event, reason])).toContainEqual([
      'webhook.switched_off',
      'deliveries_piled_up',
    ]);
    expect(stage.instance.logs.join('\n')).toMatch(/10000 deliveries wait; the webhook is switched off/);
    const on = await stage.instance.ask('PATCH', `hooks/${hook.id}`, { enabled: true });
    expect(on.body).not.toHaveProperty('disabledReason');
    await until(() => stage.receiver.requests.length > 200, 'what waited is sent');
  });
});
