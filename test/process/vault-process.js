/**
 * An application with nothing but the vault in it, in a process of its own, which does what the parent tells it by
 * messages. Its first argument is a JSON of {@link Settings} (see `vault-processes.ts`).
 */
import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { performance } from 'node:perf_hooks';
import {
  Clock,
  ConnectorsModule,
  openDataSource,
  ourConnectors,
  SealingModule,
  Secret,
  TokenVaultModule,
  TokenVaultService,
} from '../../dist/src/index.js';
import { REFRESH_TIMES, RefreshLease } from '../../dist/src/token-vault/refresh-lease.js';
import { ProviderAnswers } from '../../dist/src/token-vault/provider-answers.js';

const { databaseUrl, vaultKeys, instance, times, elapsedSeconds } = JSON.parse(process.argv[2]);
const dataSource = await openDataSource(databaseUrl);
const module = await Test.createTestingModule({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () => dataSource.options,
      dataSourceFactory: () => Promise.resolve(dataSource),
    }),
    SealingModule.forRoot({ keys: vaultKeys }),
    ConnectorsModule.forRoot({ connectors: ourConnectors, instances: [instance], controllers: false }),
    TokenVaultModule.forRoot({ controllers: false, renewal: false }),
  ],
})
  .overrideProvider(REFRESH_TIMES)
  .useValue(times)
  .setLogger(false)
  .compile();
const app = await module.init();
const [clock, vault] = [app.get(Clock), app.get(TokenVaultService)];
clock.advance(elapsedSeconds);

const commits = [];
const answers = app.get(ProviderAnswers);
const keep = answers.keep.bind(answers);
answers.keep = async (...parameters) => {
  const begun = performance.now();
  const fate = await keep(...parameters);
  commits.push(performance.now() - begun);
  return fate;
};

let renewals = 0;
const lease = app.get(RefreshLease);
const renew = lease.renew.bind(lease);
lease.renew = async (attempt) => {
  const isRenewed = await renew(attempt);
  if (isRenewed) renewals += 1;
  return isRenewed;
};

const read = async (userId, target) => {
  try {
    return { token: (await vault.read(userId, target)).accessToken.reveal() };
  } catch ({ code, message, data }) {
    return { code: code ?? message, reason: data?.reason };
  }
};

const actions = {
  advance: ({ seconds }) => clock.advance(seconds),
  read: ({ userId, target, times: count = 1 }) =>
    Promise.all(Array.from({ length: count }, () => read(userId, target))),
  /** Milliseconds until the slowest of these readers has its token. */
  time: async ({ userId, target, times: count }) => {
    const begun = performance.now();
    await Promise.all(Array.from({ length: count }, () => vault.read(userId, target)));
    return performance.now() - begun;
  },
  /** Reads the token of each of these users, some at once. */
  sweep: async ({ users, parallel }) => {
    const left = Array.from({ length: users }, (_, user) => `user-${user}`);
    const begun = performance.now();
    let failed = 0;
    const worker = async () => {
      for (let user = left.pop(); user !== undefined; user = left.pop())
        if ((await read(user, 'rotating')).token === undefined) failed += 1;
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    return { milliseconds: performance.now() - begun, failed };
  },
  store: ({ owner, accessToken, refreshToken, expiresIn }) =>
    dataSource.transaction((manager) =>
      vault.store(manager, owner, {
        accessToken: new Secret(accessToken),
        refreshToken: new Secret(refreshToken),
        tokenType: 'Bearer',
        expiresAt: clock.now() + expiresIn,
      }),
    ),
  commits: () => commits.splice(0),
  renewals: () => renewals,
  close: () => app.close(),
};

process.on('message', async ({ id, action, ...parameters }) => {
  try {
    process.send({ id, result: await actions[action](parameters) });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
  if (action === 'close') process.disconnect();
});
process.send({ ready: true });
