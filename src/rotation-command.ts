import 'reflect-metadata';
import { ConsoleLogger, Logger } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { Clock } from './common/clock.js';
import { isLatchkeyError } from './common/errors.js';
import { readConfiguration, type Configuration } from './config/configuration.js';
import { ConfigurationError } from './config/configuration.error.js';
import { openDataSource } from './database/data-source.js';
import { configuredKeys } from './sealing/configured-keys.js';
import { KeyChecks } from './sealing/key-checks.js';
import { RotationLease } from './sealing/rotation/rotation-lease.js';
import { RotationProgress, type RotationReport } from './sealing/rotation/rotation-progress.js';
import { Rotation } from './sealing/rotation/rotation.js';
import { Sealer } from './sealing/sealer.js';

const TELL_MILLISECONDS = 1000;

/** `npm run vault:rotate`, with the backend's environment and beside it. Exits with 0 once no row needs an old key. */
try {
  Logger.overrideLogger(new ConsoleLogger({ logLevels: ['warn', 'error', 'fatal'] }));
  process.exit((await rotate(readConfiguration(process.env))) ? 0 : 1);
} catch (error) {
  console.error(messageOf(error));
  process.exit(1);
}

async function rotate({ databaseUrl, vaultKeys }: Configuration): Promise<boolean> {
  const keys = configuredKeys(vaultKeys);
  const dataSource = await openDataSource(databaseUrl);
  const [clock, sealer] = [new Clock(), new Sealer(keys)];
  const lease = new RotationLease(dataSource, clock);
  const progress = new RotationProgress(dataSource, keys, lease);
  try {
    await new KeyChecks(keys, sealer, dataSource, clock).check();
    await untilDone(new Rotation(dataSource, keys, sealer, lease, clock), progress);
    const report = await progress.read();
    summarize(report);
    return report.left === 0;
  } finally {
    await dataSource.destroy();
  }
}

/** Where another process rotates, its progress is told; where it dies, its work is taken over. */
async function untilDone(rotation: Rotation, progress: RotationProgress): Promise<void> {
  const running = { isOver: false };
  const telling = tell(progress, running).catch((error: unknown) => console.error(messageOf(error)));
  try {
    while (!(await rotation.run())) await pause(TELL_MILLISECONDS);
  } finally {
    running.isOver = true;
    await telling;
  }
}

async function tell(progress: RotationProgress, running: { isOver: boolean }): Promise<void> {
  for (;;) {
    await pause(TELL_MILLISECONDS);
    if (running.isOver) return;
    const { resealed, left } = await progress.read();
    console.log(`${resealed} resealed, ${left} left`);
  }
}

function summarize({ resealed, failed, left, keys }: RotationReport): void {
  console.log(`${resealed} resealed, ${failed} failed, ${left} left`);
  for (const { id, rows, isCurrent, isHeld } of keys) {
    const use = isCurrent ? 'current' : rows > 0 ? 'still needed' : isHeld ? 'no longer needed' : 'gone';
    console.log(`  key ${id}: ${rows} rows, ${use}`);
  }
}

function messageOf(error: unknown): unknown {
  if (error instanceof ConfigurationError) return `Configuration: ${error.message}`;
  return isLatchkeyError(error) ? `${error.code}: ${error.message}` : error;
}
