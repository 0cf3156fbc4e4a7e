import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditLog, AuditModule, openDataSource, SealingModule } from '../../dist/src/index.js';

/** A process that records and notes as fast as it can, and prints the name of each row that was committed. */
const [name, rows] = process.argv.slice(2);
const { DATABASE_URL, VAULT_KEYS } = process.env;

const dataSource = await openDataSource(DATABASE_URL);
class Application {}
const app = await NestFactory.createApplicationContext(
  {
    module: Application,
    imports: [
      TypeOrmModule.forRootAsync({
        useFactory: () => dataSource.options,
        dataSourceFactory: () => Promise.resolve(dataSource),
      }),
      SealingModule.forRoot({ keys: VAULT_KEYS }),
      AuditModule,
    ],
  },
  { logger: ['error', 'fatal'] },
);
const log = app.get(AuditLog);

for (let row = 0; row < Number(rows); row += 1) {
  const event = { event: 'secret.read', outcome: 'done', userId: name };
  log.note({ ...event, purpose: `noted ${name} ${row}` });
  if (row % 3 > 0) continue;
  const purpose = `recorded ${name} ${row}`;
  await dataSource.transaction((manager) => log.record({ ...event, purpose }, manager));
  process.stdout.write(`${purpose}\n`);
}
await app.close();
