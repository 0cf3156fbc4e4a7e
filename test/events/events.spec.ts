import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Clock } from '../../src/common/clock.js';
import type { Occurrence } from '../../src/events/event.js';
import { PublishedEvent } from '../../src/events/published-event.entity.js';
import { Webhooks } from '../../src/events/webhooks/webhooks.js';
import type { NewHook } from '../../src/events/webhooks/hook-drafts.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import { Receiver } from './receiver.js';
import { startInstance, stored, until, type Instance } from './stage.js';

@Injectable()
class Listener {
  readonly heard: Occurrence[] = [];

  @OnEvent('TokenSet.Stored')
  async hear(event: Occurrence<'TokenSet.Stored'>): Promise<void> {
    this.heard.push(event);
  }

  @OnEvent('TokenSet.Stored', { suppressErrors: false })
  async fail(): Promise<void> {
    throw new Error('a listener that fails later');
  }
}

const listening = { imports: [EventEmitterModule.forRoot()], providers: [Listener] };

const usersOf = (instance: Instance): string[] => instance.get(Listener).heard.map(({ userId }) => userId);

const rowsOf = ({ dataSource }: Instance): Promise<number> =>
  dataSource.getRepository(PublishedEvent).count();

const wanting = ({ url }: Receiver): NewHook => ({
  name: 'A test',
  events: ['TokenSet.Stored'],
  config: { url },
});

describe.each(databaseKinds)('events, on %s', (kind) => {
  let receiver: Receiver;
  let database: TemporaryDatabase;
  let instance: Instance;

  beforeAll(async () => {
    receiver = await Receiver.start();
    database = await temporaryDatabase(kind);
    instance = await startInstance({ databaseUrl: database.url, receivers: [receiver], ...listening });
  });

  beforeEach(() => {
    instance.get(Listener).heard.length = 0;
  });

  afterAll(async () => {
    await instance.close();
    await database.drop();
    await receiver.close();
  });

  it('are told to a listener of the application with whom, what, when and an id', async () => {
    await instance.events.publish(stored('ada'));
    await until(() => usersOf(instance).includes('ada'), 'the listener hears');
    expect(instance.get(Listener).heard).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-z]{21}$/),
        event: 'TokenSet.Stored',
        userId: 'ada',
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
        data: { connectorId: 'google', target: 'google', secretId: 'secret-of-a-user' },
      },
    ]);
  });

  it('are told if and only if the transaction that causes them is committed', async () => {
    const refused = instance.dataSource.transaction(async (manager) => {
      await instance.events.publish(stored('rolled-back'), manager);
      throw new Error('rolled back');
    });
    await expect(refused).rejects.toThrow('rolled back');
    await instance.dataSource.transaction((manager) => instance.events.publish(stored('committed'), manager));
    await until(() => usersOf(instance).includes('committed'), 'the listener hears');
    await until(async () => (await rowsOf(instance)) === 0, 'nothing is left to tell');
    expect(usersOf(instance)).toEqual(['committed']);
  });

  it('reach the other listeners where one throws, at once or later, which the log says', async () => {
    const emitter = instance.get(EventEmitter2);
    const throwing = () => {
      throw new Error('a listener that fails at once');
    };
    emitter.prependListener('TokenSet.Stored', throwing);
    const all: unknown[] = [];
    const hearAll = (event: unknown) => void all.push(event);
    emitter.onAny(hearAll);
    await instance.events.publish(stored('grace'));
    await until(() => all.length > 0 && usersOf(instance).includes('grace'), 'the others hear');
    emitter.off('TokenSet.Stored', throwing).offAny(hearAll);
    await until(async () => (await rowsOf(instance)) === 0, 'nothing is left to tell');
    expect(usersOf(instance)).toEqual(['grace']);
    const failures = instance.logs.filter((line) => line.includes('A listener of TokenSet.Stored failed'));
    expect(failures.join()).toMatch(/fails at once[^]*fails later|fails later[^]*fails at once/);
  });

  it('are told on one instance of several', async () => {
    const other = await startInstance({ databaseUrl: database.url, ...listening });
    const users = Array.from({ length: 30 }, (_, index) => `user-${index}`);
    await Promise.all(users.map((user) => instance.events.publish(stored(user))));
    const heard = () => [...usersOf(instance), ...usersOf(other)];
    await until(() => heard().length >= users.length, 'all are told');
    await until(async () => (await rowsOf(instance)) === 0, 'nothing is left to tell');
    expect(heard().sort()).toEqual(users.sort());
    await other.close();
  });

  it('of a process that ended before it could tell are told by another one, to listeners and webhooks', async () => {
    const hook = await instance.get(Webhooks).create(wanting(receiver), { actorId: null });
    const ended = await startInstance({ databaseUrl: database.url, isBegun: false });
    await ended.dataSource.transaction((manager) => ended.events.publish(stored('left-behind'), manager));
    await ended.close();
    await until(() => usersOf(instance).includes('left-behind'), 'the listener hears');
    await until(() => receiver.messages.length === 1, 'the webhook arrives');
    expect(receiver.messages[0]).toMatchObject({ userId: 'left-behind', hookId: hook.hook.id });
    await instance.get(Webhooks).remove(hook.hook.id, { actorId: null });
  });
});

describe.each(databaseKinds)('an application that nobody listens to, on %s', (kind) => {
  const clock = new Clock();
  let receiver: Receiver;
  let database: TemporaryDatabase;
  let publisher: Instance;
  let other: Instance;

  beforeAll(async () => {
    receiver = await Receiver.start();
    database = await temporaryDatabase(kind);
    const options = { databaseUrl: database.url, clock, receivers: [receiver], isBegun: false };
    publisher = await startInstance(options);
    other = await startInstance(options);
  });

  afterAll(async () => {
    await other.close();
    await publisher.close();
    await database.drop();
    await receiver.close();
  });

  it('writes no event', async () => {
    await publisher.events.publish(stored('unheard'));
    expect(await rowsOf(publisher)).toBe(0);
  });

  it('writes those that a webhook wants, a second after it was made elsewhere, until it is gone', async () => {
    const { hook } = await other.get(Webhooks).create(wanting(receiver), { actorId: null });
    clock.advance(1);
    await publisher.events.publish(stored('heard'));
    await publisher.events.publish({ event: 'User.Deleted', userId: 'heard', data: {} });
    expect(await rowsOf(publisher)).toBe(1);
    await other.get(Webhooks).remove(hook.id, { actorId: null });
    clock.advance(1);
    await publisher.events.publish(stored('unheard'));
    expect(await rowsOf(publisher)).toBe(1);
  });

  it('writes those of a webhook at once on the instance that has made it, whatever it has known before', async () => {
    await publisher.events.publish({ event: 'User.Deleted', userId: 'unheard', data: {} });
    await publisher
      .get(Webhooks)
      .create({ ...wanting(receiver), events: ['User.Deleted'] }, { actorId: null });
    await publisher.events.publish({ event: 'User.Deleted', userId: 'heard', data: {} });
    expect(await rowsOf(publisher)).toBe(2);
  });
});
