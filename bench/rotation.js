/** `npm run bench:rotation`: 10,000 rows are resealed while they are read 50 times a second, in the same process. */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  ConnectorsModule,
  openDataSource,
  Rotation,
  RotationProgress,
  SealingModule,
  Secret,
  TokenVaultModule,
  TokenVaultService,
} from '../dist/src/index.js';
import { openDatabases } from './databases.js';
import { percentile } from './measure.js';

const ROWS = 10_000;
const READS_PER_SECOND = 50;
const NORMAL_SECONDS = 10;
const TARGET_SECONDS = 60;
const TARGET_RATIO = 3;

const key = (id) => `${id}:${randomBytes(32).toString('base64')}`;
const [one, two] = [key('one'), key('two')];
const databases = await openDatabases();
let isMissed = false;
try {
  for (const database of databases) await measure(database);
} finally {
  await Promise.all(databases.map(({ drop }) => drop()));
}
process.exit(isMissed ? 1 : 0);

async function measure({ name, create }) {
  const url = await create();
  await within(url, one, fill);
  await within(url, `${two},${one}`, async (app) => {
    const normal = await readingWhile(app, () => pause(NORMAL_SECONDS * 1000));
    const startedAt = performance.now();
    const during = await readingWhile(app, () => app.get(Rotation).run());
    const seconds = (performance.now() - startedAt) / 1000;
    const { left } = await app.get(RotationProgress).read();
    const ratio = during.p99 / normal.p99;
    const isMet = seconds <= TARGET_SECONDS && ratio <= TARGET_RATIO && left + during.failed === 0;
    isMissed ||= !isMet;
    console.log(
      `${name}: ${ROWS} rows in ${seconds.toFixed(1)} s, ${left} left; ` +
        `${during.count} reads, ${during.failed} failed, p99 ${during.p99.toFixed(2)} ms ` +
        `(${normal.p99.toFixed(2)} ms without rotation, x ${ratio.toFixed(2)})${isMet ? '' : ' MISSED'}`,
    );
  });
  await within(url, two, async (app) => {
    for (let row = 0; row < ROWS; row += 1) await read(app, row);
    console.log(`${name}: all rows are read without the old key`);
  });
}

async function within(url, keys, action) {
  const dataSource = await openDataSource(url);
  class Application {}
  Module({
    imports: [
      TypeOrmModule.forRootAsync({
        useFactory: () => dataSource.options,
        dataSourceFactory: async () => dataSource,
      }),
      SealingModule.forRoot({ keys }),
      ConnectorsModule.forRoot({ instances: [], controllers: false }),
      TokenVaultModule.forRoot({ controllers: false }),
    ],
  })(Application);
  const app = await NestFactory.createApplicationContext(Application, { logger: ['error'] });
  try {
    await action(app, dataSource);
  } finally {
    await app.close();
  }
}

async function fill(app, dataSource) {
  const vault = app.get(TokenVaultService);
  for (let row = 0; row < ROWS; row += 500)
    await dataSource.transaction(async (manager) => {
      for (let index = row; index < row + 500; index += 1)
        await vault.store(manager, ownerOf(index), {
          accessToken: new Secret(`token-${index}`),
          tokenType: 'Bearer',
        });
    });
}

function ownerOf(row) {
  return { userId: `user-${row}`, connectorId: 'google', target: 'google', subject: `subject-${row}` };
}

async function read(app, row) {
  const { accessToken } = await app.get(TokenVaultService).read(`user-${row}`, 'google');
  if (accessToken.reveal() !== `token-${row}`) throw new Error(`row ${row} is another one`);
}

/** Begins a read every 20 ms, whether or not the one before is over. In milliseconds from when it should have begun. */
async function readingWhile(app, action) {
  const state = { isOver: false, failed: 0, times: [] };
  const acting = action().finally(() => (state.isOver = true));
  const pending = [];
  const startedAt = performance.now();
  for (let count = 0; !state.isOver; count += 1) {
    const dueAt = startedAt + (count * 1000) / READS_PER_SECOND;
    await pause(Math.max(0, dueAt - performance.now()));
    const reading = read(app, Math.floor(Math.random() * ROWS)).then(
      () => state.times.push(performance.now() - dueAt),
      () => (state.failed += 1),
    );
    pending.push(reading);
  }
  await acting;
  await Promise.all(pending);
  return { count: pending.length, failed: state.failed, p99: percentile(state.times, 99) };
}
