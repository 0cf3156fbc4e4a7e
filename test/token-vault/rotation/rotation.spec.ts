import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { Repository } from 'typeorm';
import { KeyEncryption } from '../../../src/sealing/key-encryption.js';
import { RotationLease } from '../../../src/sealing/rotation/rotation-lease.js';
import { RotationState } from '../../../src/sealing/rotation/rotation-state.entity.js';
import { Rotation } from '../../../src/sealing/rotation/rotation.js';
import { Sealer } from '../../../src/sealing/sealer.js';
import { StoredSecret } from '../../../src/token-vault/stored-secret.entity.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../../support/databases.js';
import { keyOf, startVault, tokenOf, type VaultProcess } from '../vault-process.js';

const OLD = `one:${keyOf('one')}`;
const BOTH = `two:${keyOf('two')},one:${keyOf('one')}`;
const NEW = `two:${keyOf('two')}`;

const users = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

describe.each(databaseKinds)('rotation on %s', (kind) => {
  let database: TemporaryDatabase;
  const open: VaultProcess[] = [];

  beforeEach(async () => void (database = await temporaryDatabase(kind)));

  afterEach(async () => {
    await Promise.all(open.splice(0).map((process) => process.close()));
    await database.drop();
  });

  /** On SQLite there is one process at a time, so the former ones are over. */
  async function start(keys: string): Promise<VaultProcess> {
    for (const former of open.splice(0)) await former.close();
    const process = await startVault(database.url, keys);
    open.push(process);
    return process;
  }

  /** Rows under the old key, from a process that is over. How many there are of other tables is none of these tests' business. */
  async function filled(count: number): Promise<{ others: number }> {
    const process = await startVault(database.url, OLD);
    await process.keepAll(users(count));
    await process.close();
    const reader = await startVault(database.url, BOTH);
    const { left } = await reader.progress();
    await reader.close();
    return { others: left - count };
  }

  const secretsOf = ({ dataSource }: VaultProcess): Repository<StoredSecret> =>
    dataSource.getRepository(StoredSecret);

  it('reseals every row under the current key and changes nothing else (VC-08)', async () => {
    await filled(45);
    const process = await start(BOTH);
    const before = await secretsOf(process).find({ order: { id: 'ASC' } });
    expect(await process.rotation.run()).toBe(true);
    const after = await secretsOf(process).find({ order: { id: 'ASC' } });
    expect(after.map(({ sealed }) => sealed.keyId)).toEqual(before.map(() => 'two'));
    expect(after.map((row) => ({ ...row, sealed: undefined }))).toEqual(
      before.map((row) => ({ ...row, sealed: undefined })),
    );
    const fresh = new Set([...before, ...after].map(({ sealed }) => sealed.ciphertext));
    expect(fresh.size).toBe(90);
    for (const user of users(45)) expect(await process.read(user)).toBe(tokenOf(user));
  });

  it('keeps nobody from reading: 500 rows, read while they are resealed, none fails (VC-08)', async () => {
    await filled(500);
    const process = await start(BOTH);
    const reads: Promise<string>[] = [];
    afterEachBatch(process, (goOn) => {
      for (let read = 0; read < 10; read += 1)
        reads.push(process.read(`user-${(reads.length * 7919) % 500}`));
      return goOn();
    });
    await process.rotation.run();
    const read = await Promise.allSettled(reads);
    expect(read.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(read.length).toBeGreaterThanOrEqual(250);
    expect(await process.progress()).toMatchObject({ failed: 0, left: 0 });
    const without = await start(NEW);
    for (const user of users(500)) expect(await without.read(user)).toBe(tokenOf(user));
  }, 120_000);

  it('says which keys no row needs any more, and those can be taken away (VC-08)', async () => {
    const { others } = await filled(5);
    const process = await start(BOTH);
    expect(await process.progress()).toMatchObject({
      state: 'never',
      left: 5 + others,
      keys: [
        { id: 'two', isCurrent: true, isHeld: true, rows: 0 },
        { id: 'one', isCurrent: false, isHeld: true, rows: 5 + others },
      ],
    });
    await process.rotation.run();
    expect(await process.progress()).toMatchObject({
      state: 'finished',
      resealed: 5 + others,
      failed: 0,
      left: 0,
      keys: [
        { id: 'two', rows: 5 + others },
        { id: 'one', rows: 0 },
      ],
    });
    const without = await start(NEW);
    for (const user of users(5)) expect(await without.read(user)).toBe(tokenOf(user));
    expect(without.logs.filter((line) => line.includes('no key service here holds'))).toEqual([]);
  });

  it('leaves a row to whoever writes it at the same time (VC-08)', async () => {
    await filled(40);
    const process = await start(BOTH);
    const writing = (async () => {
      for (const user of users(40)) await process.keep(user, { scope: ['email', 'more'] });
    })();
    await Promise.all([process.rotation.run(), writing]);
    await process.rotation.run();
    const rows = await secretsOf(process).find();
    expect(new Set(rows.map(({ version, scope }) => `${version} ${scope}`))).toEqual(
      new Set(['2 email more']),
    );
    expect((await process.progress()).left).toBe(0);
    for (const user of users(40)) expect(await process.read(user)).toBe(tokenOf(user));
  });

  it('names a row that does not open, keeps it and goes on', async () => {
    const { others } = await filled(30);
    const process = await start(BOTH);
    const secrets = secretsOf(process);
    const [, , broken] = await secrets.find({ order: { id: 'ASC' } });
    await secrets.update(broken.id, { scope: 'everything' });
    const kept = await secrets.findOneByOrFail({ id: broken.id });
    await process.rotation.run();
    expect(await process.progress()).toMatchObject({
      state: 'finished',
      resealed: 29 + others,
      failed: 1,
      left: 1,
    });
    expect(await secrets.findOneByOrFail({ id: broken.id })).toEqual(kept);
    const told = process.logs.filter((line) => line.includes('vault.integrity_error'));
    expect(
      told.every((line) => line.includes(`latchkey_secrets ${broken.id} stays under the key "one"`)),
    ).toBe(true);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(3);
  });

  it('keeps rows whose key is not here, and says how many and which key (VC-10)', async () => {
    const { others } = await filled(3);
    const process = await start(NEW);
    const before = await secretsOf(process).find({ order: { id: 'ASC' } });
    expect(process.logs.some((line) => /3 rows of latchkey_secrets .*"one".*vault:rotate/.test(line))).toBe(
      true,
    );
    await expect(process.read('user-0')).rejects.toMatchObject({ code: 'vault.key_unavailable' });
    await process.rotation.run();
    expect(await secretsOf(process).find({ order: { id: 'ASC' } })).toEqual(before);
    expect(await process.progress()).toMatchObject({
      failed: 3 + others,
      left: 3 + others,
      keys: [
        { id: 'two', rows: 0 },
        { id: 'one', isHeld: false, rows: 3 + others },
      ],
    });
  });

  it('is done by one process at a time', async () => {
    const { others } = await filled(100);
    const process = await start(BOTH);
    const another = anotherRotation(process);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    afterEachBatch(process, (goOn) => released.then(goOn));
    expect(await process.rotation.start()).toBe(true);
    expect(await another.start()).toBe(false);
    expect(await another.run()).toBe(false);
    expect(await process.progress()).toMatchObject({ state: 'running' });
    release();
    await until(async () => (await process.progress()).state === 'finished');
    expect(await process.progress()).toMatchObject({ resealed: 100 + others, left: 0 });
  });

  it('goes on where it was, by another process, half a minute after the first was killed', async () => {
    await filled(60);
    const killed = await start(BOTH);
    afterEachBatch(killed, async (goOn) => (await goOn()) && false);
    killed.module.get(RotationLease).end = () => Promise.resolve();
    await killed.rotation.run();
    const process = await start(BOTH);
    const left = await secretsOf(process).countBy({ sealed: { keyId: 'one' } });
    expect(left).toBeGreaterThanOrEqual(40);
    const states = process.dataSource.getRepository(RotationState);
    const { leaseUntil } = await states.findOneByOrFail({ id: 'rotation' });
    expect(leaseUntil - Date.now()).toBeLessThan(31_000);
    await states.update('rotation', { leaseUntil: Date.now() + 1_800_000 });
    process.clock.advance(3600);
    expect(await process.rotation.run()).toBe(false);
    expect(await process.progress()).toMatchObject({ state: 'running' });
    await states.update('rotation', { leaseUntil: Date.now() });
    expect(await process.progress()).toMatchObject({ state: 'interrupted' });
    expect(await process.rotation.run()).toBe(true);
    expect(await process.progress()).toMatchObject({ state: 'finished', left: 0 });
    for (const user of users(60)) expect(await process.read(user)).toBe(tokenOf(user));
  });
});

/** Between the moment when a batch is written and the one when it is told. */
function afterEachBatch(
  { module }: VaultProcess,
  act: (goOn: () => Promise<boolean>) => Promise<boolean>,
): void {
  const lease = module.get(RotationLease);
  const prolong = lease.prolong.bind(lease);
  lease.prolong = (...parameters) => act(() => prolong(...parameters));
}

/** As another process has it. */
function anotherRotation({ module, dataSource, clock }: VaultProcess): Rotation {
  const keys = module.get<KeyEncryption>(KeyEncryption, { strict: false });
  const sealer = module.get(Sealer, { strict: false });
  return new Rotation(dataSource, keys, sealer, new RotationLease(dataSource, clock), clock);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const patience = 20_000;
  for (let waited = 0; !(await holds()); waited += 5) {
    if (waited > patience) throw new Error('it never came to be');
    await pause(5);
  }
}
