import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IdentitiesService, UsersService } from '../../src/index.js';
import { databaseKinds } from '../support/databases.js';
import { Stage, somebody } from './stage.js';

describe.each(databaseKinds)('the audit log on %s', (database) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ database });
  });
  afterAll(() => stage.close());

  const eventsOf = async (id: string) =>
    (await stage.audit()).filter(({ userId }) => userId === id).map(({ event, outcome }) => [event, outcome]);

  it('says when a user was suspended, let in again and removed, once each', async () => {
    const id = await stage.signIn(somebody());
    const users = stage.get(UsersService);
    await users.suspend(id);
    await users.suspend(id);
    await users.restore(id);
    await users.restore(id);
    await users.remove(id);
    expect(await eventsOf(id)).toEqual([
      ['user.created', 'done'],
      ['user.suspended', 'done'],
      ['user.restored', 'done'],
      ['user.removed', 'done'],
    ]);
  });

  it('says nothing of somebody who is not here', async () => {
    const users = stage.get(UsersService);
    for (const act of [users.suspend('nobody'), users.restore('nobody'), users.remove('nobody')]) await act;
    expect(await eventsOf('nobody')).toEqual([]);
  });

  it('says when an account was confirmed, and which', async () => {
    const at = somebody();
    const userId = await stage.signIn(at);
    await stage.run((manager) => stage.get(IdentitiesService).confirm(manager, userId, at));
    const [{ id: identityId }] = await stage.identities(userId);
    expect((await stage.audit()).at(-1)).toMatchObject({
      event: 'identity.confirmed',
      outcome: 'done',
      reason: 'requested',
      actorId: userId,
      userId,
      identityId,
      target: 'alpha',
    });
  });
});
