import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StoredConnector } from '../../../src/connectors/instances/stored-connector.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../../support/databases.js';
import { startProcess, tiny, type Process, type ProcessOptions } from './application.js';
import { StandardConnector, TinyConnector } from './tiny.connector.js';

const OTHER_KEYS = `other:${Buffer.from('another key that only tests hold').toString('base64')}`;

describe.each(databaseKinds)('the connector instances of %s', (kind) => {
  let database: TemporaryDatabase;
  let processes: Process[];

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
    processes = [];
  });

  afterEach(async () => {
    for (const one of processes) await one.close();
    await database.drop();
  });

  const start = async (options?: ProcessOptions) => {
    const started = await startProcess(database.url, options);
    processes.push(started);
    return started;
  };
  const ids = async ({ registry }: Process) => (await registry.list()).map(({ instance }) => instance.id);
  const rows = ({ dataSource }: Process) => dataSource.getRepository(StoredConnector);

  it('are seen by another process within a second: made, changed and removed', async () => {
    const [one, other] = [await start(), await start()];
    await one.instances.create(tiny('new'));
    expect(await ids(one)).toEqual(['new']);
    other.clock.advance(1);
    expect(await ids(other)).toEqual(['new']);

    await one.instances.update('new', { enabled: false });
    expect(await ids(one)).toEqual([]);
    other.clock.advance(1);
    await expect(other.registry.getEnabled('new')).rejects.toMatchObject({ code: 'connector.disabled' });

    await one.instances.remove('new');
    other.clock.advance(1);
    await expect(other.registry.get('new')).rejects.toMatchObject({ code: 'connector.not_found' });
  });

  it('are seen by one who never waits, too', async () => {
    const [one, other] = [await start(), await start()];
    await one.instances.create(tiny('new'));
    other.clock.advance(1);
    expect(other.registry.peek('new')).toBeUndefined();
    await other.registry.list();
    expect(other.registry.peek('new')?.instance.name).toBe('Tiny');
  });

  it('are not asked for again within half a second', async () => {
    const { registry, instances, clock, dataSource } = await start();
    const ticks = jest.spyOn(clock, 'ticks').mockReturnValue(clock.ticks());
    await instances.create(tiny('new'));
    const known = await registry.get('new');
    await dataSource.query('DELETE FROM latchkey_connectors');
    for (let n = 0; n < 100; n++) expect(await registry.get('new')).toBe(known);
    ticks.mockRestore();
    clock.advance(1);
    expect(await registry.find('new')).toBeUndefined();
  });

  it('are the same object until they change, however often they are looked at', async () => {
    const { registry, instances, clock } = await start();
    await instances.create(tiny('one'));
    await instances.create(tiny('other'));
    const before = { one: await registry.get('one'), other: await registry.get('other') };
    clock.advance(1);
    await Promise.all([instances.list(), instances.list(), registry.list()]);
    expect((await registry.get('one')).instance).toBe(before.one.instance);
    await instances.update('one', { syncProfile: true });
    expect((await registry.get('one')).instance).not.toBe(before.one.instance);
    expect((await registry.get('other')).instance).toBe(before.other.instance);
  });

  it('are not taken for one of the same id that is gone', async () => {
    const [one, other] = [await start(), await start()];
    await one.instances.create(tiny('again', { clientId: 'first' }));
    other.clock.advance(1);
    await other.registry.get('again');
    await one.instances.remove('again');
    await one.instances.create(tiny('again', { clientId: 'second' }));
    other.clock.advance(1);
    expect((await other.registry.get('again')).instance.config).toMatchObject({ clientId: 'second' });
  });

  it('go on while the database is away, and come back with it', async () => {
    const { registry, instances, clock, dataSource } = await start();
    await instances.create(tiny('new'));
    await dataSource.query('ALTER TABLE latchkey_connectors RENAME TO elsewhere');
    clock.advance(1);
    expect((await registry.get('new')).instance.id).toBe('new');
    await expect(instances.list()).rejects.toThrow();
    await dataSource.query('ALTER TABLE elsewhere RENAME TO latchkey_connectors');
    expect(await instances.list()).toHaveLength(1);
  });

  it('can be asked for inside of a transaction', async () => {
    const [one, other] = [await start(), await start()];
    await one.instances.create(tiny('first'));
    await one.instances.create(tiny('second'));
    other.clock.advance(1);
    await other.registry.list();
    await one.instances.update('second', { syncProfile: true });
    other.clock.advance(1);
    await other.dataSource.transaction(async (manager) => {
      await manager.update(StoredConnector, { id: 'first' }, { syncProfile: true });
      expect((await other.registry.get('first')).instance.syncProfile).toBe(false);
      expect((await other.registry.get('second')).instance.syncProfile).toBe(true);
    });
  });

  it.each<[string, (process: Process) => Promise<unknown>, ProcessOptions | undefined, string]>([
    [
      'whose kind is no longer registered',
      async () => {},
      { connectors: [StandardConnector] },
      'connector.not_found_with_connector_id',
    ],
    [
      'whose secret is sealed under another key',
      async () => {},
      { keys: OTHER_KEYS },
      'vault.key_unavailable',
    ],
    [
      'whose address somebody has changed in the database (MA-09)',
      (process) =>
        rows(process).update({ id: 'new' }, { config: '{"clientId":"an id","page":"https://evil.test"}' }),
      undefined,
      'vault.integrity_error',
    ],
    [
      'whose row somebody has given to another target',
      (process) => rows(process).update({ id: 'new' }, { target: 'another' }),
      undefined,
      'vault.integrity_error',
    ],
  ])('are listed as broken and offered to nobody: one %s', async (_name, damage, options, code) => {
    const first = await start();
    await first.instances.create(tiny('new'));
    await damage(first);
    const given = { connectors: [TinyConnector], ...options };
    const ours = { ...tiny('given'), connectorId: options?.connectors ? 'standard' : 'tiny-universal' };
    const second = await start({ ...given, instances: [ours] });
    expect(await ids(second)).toEqual(['given']);
    await expect(second.registry.get('new')).rejects.toMatchObject({ code: 'connector.not_found' });
    const records = await second.instances.list();
    expect(records.map(({ id, brokenBy }) => [id, brokenBy])).toEqual([
      ['given', undefined],
      ['new', code],
    ]);
    expect(JSON.stringify(records)).not.toContain('"a secret"');
  });

  it('are broken where the kind wants another configuration today, and put right by one', async () => {
    class Stricter extends TinyConnector {
      override readonly configSchema = new TinyConnector().configSchema.extend({
        page: new TinyConnector().configSchema.shape.clientId,
      }) as unknown as TinyConnector['configSchema'];
    }
    await (await start()).instances.create(tiny('new'));
    const { registry, instances } = await start({ connectors: [Stricter] });
    expect(await instances.get('new')).toMatchObject({ brokenBy: 'connector.invalid_config' });
    const { config } = tiny('new', { page: 'home' });
    expect((await instances.update('new', { config })).brokenBy).toBeUndefined();
    expect((await registry.get('new')).instance.config).toMatchObject({ page: 'home' });
  });

  it('are put right by a whole configuration where the key is gone, and not changed otherwise', async () => {
    await (await start()).instances.create(tiny('new'));
    const { registry, instances } = await start({ keys: OTHER_KEYS });
    await expect(instances.update('new', { syncProfile: true })).rejects.toMatchObject({
      code: 'vault.key_unavailable',
    });
    await expect(instances.update('new', { config: { clientId: 'an id' } })).rejects.toMatchObject({
      code: 'vault.key_unavailable',
    });
    await instances.update('new', { config: tiny('new').config });
    expect((await registry.get('new')).instance.config).toMatchObject({ clientSecret: 'a secret' });
    await instances.remove('new');
  });

  it('of code go before one of the database with the same id', async () => {
    await (await start()).instances.create(tiny('same', { clientId: 'of the database' }));
    const { registry, instances } = await start({ instances: [tiny('same', { clientId: 'of the code' })] });
    expect((await registry.get('same')).instance.config).toMatchObject({ clientId: 'of the code' });
    expect((await instances.list()).map(({ id, isReadOnly }) => [id, isReadOnly])).toEqual([['same', true]]);
    expect(await ids(processes[1])).toEqual(['same']);
  });

  it('of a standard kind have a target of their own', async () => {
    const { instances } = await start({ connectors: [StandardConnector] });
    const wanted = { ...tiny('mine'), connectorId: 'standard' };
    await expect(instances.create(wanted)).rejects.toMatchObject({ code: 'connector.should_specify_target' });
    expect(await instances.create({ ...wanted, metadata: { target: 'mine' } })).toMatchObject({
      target: 'mine',
    });
  });

  it('survive any number of changes from two processes at once', async () => {
    const one = await start();
    // A file of SQLite has one process that writes to it.
    const other = kind === 'SQLite' ? one : await start();
    await one.instances.create(tiny('new'));
    const changes = Array.from({ length: 8 }, (_, n) => ({ metadata: { name: { en: `Name ${n}` } } }));
    await Promise.all(changes.map((change, n) => (n % 2 ? one : other).instances.update('new', change)));
    expect(await one.instances.get('new')).toMatchObject({ version: 9 });
  });
});
