import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVENT_NAMES } from '../../src/events/event.js';
import { PublishedEvent } from '../../src/events/published-event.entity.js';
import { Delivery } from '../../src/events/webhooks/delivery.entity.js';
import { Hook } from '../../src/events/webhooks/hook.entity.js';
import { IdentitiesService, Unlinking, UsersService } from '../../src/index.js';
import { Stage, somebody } from '../identities/stage.js';
import { databaseKinds } from '../support/databases.js';
import { until } from './stage.js';

/** It wants everything, and nothing can be sent to it: its row does not open. */
const ledger = {
  id: 'a'.repeat(21),
  name: 'Ledger',
  events: EVENT_NAMES.join(' '),
  url: 'https://ledger.invalid/',
  headerNames: '[]',
  sealed: { keyId: 'test', wrappedKey: '', ciphertext: '' },
  version: 1,
  enabled: true,
  disabledReason: null,
  pausedUntil: 0,
  createdAt: 0,
};

describe.each(databaseKinds)('what happens to users, on %s', (database) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ database });
    await stage.dataSource.getRepository(Hook).insert(ledger);
    stage.clock.advance(1);
  });

  afterAll(() => stage.close());

  it('is told once each, and what was refused or changed nothing is not', async () => {
    const [first, second] = [somebody(), somebody({}, 'beta')];
    const userId = await stage.signIn(first);
    const link = (at: typeof first, to = userId) =>
      stage.run((manager) => stage.get(IdentitiesService).link(manager, { userId: to, actorId: to }, at));
    await link(second);
    await link(second);
    const other = await stage.signIn(somebody());
    await expect(link(second, other)).rejects.toMatchObject({ code: 'user.identity_already_in_use' });
    const linked = await stage.identities(userId);
    const identityOf = (id: string) => linked.find(({ connectorId }) => connectorId === id)!;
    const unlink = (id: string) =>
      stage.get(Unlinking).unlink({ userId, actorId: userId, choose: () => identityOf(id) });
    await unlink('beta');
    await expect(unlink('alpha')).rejects.toMatchObject({ code: 'user.last_sign_in_method_required' });
    const users = stage.get(UsersService);
    for (const id of [userId, userId, 'nobody']) await users.suspend(id);
    for (const id of [userId, userId, 'nobody']) await users.restore(id);
    for (const id of [userId, userId, 'nobody']) await users.remove(id);
    const told = async () => {
      const deliveries = await stage.dataSource.getRepository(Delivery).findBy({ userId });
      return deliveries.map(({ event, data }) => [event, JSON.parse(data) as unknown] as const);
    };
    await until(async () => (await told()).some(([event]) => event === 'User.Deleted'), 'the end is told');
    const waiting = stage.dataSource.getRepository(PublishedEvent);
    await until(async () => (await waiting.count()) === 0, 'nothing is left to tell');
    const accountOf = (id: string) => ({ connectorId: id, target: id, identityId: identityOf(id).id });
    const [alpha, beta] = [accountOf('alpha'), accountOf('beta')];
    expect(new Map(await told())).toEqual(
      new Map<string, unknown>([
        ['User.Created', alpha],
        ['Identity.Linked', beta],
        ['Identity.Unlinked', beta],
        ['User.SuspensionStatus.Updated', { isSuspended: expect.any(Boolean) }],
        ['User.Deleted', {}],
      ]),
    );
    expect(await told()).toHaveLength(6);
  });
});
