import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { personas } from '../../src/sandbox/personas.js';
import { databaseKinds, temporaryDatabase, type TemporaryDatabase } from '../support/databases.js';
import type { BackendProcess } from './backend-process.js';
import { halfWritten } from './half-written.js';
import { withSeed, type Random } from './random.js';
import { withStage, type Stage } from './stage.js';
import { Visitor, type Account } from './visitor.js';

const ROUNDS = 5;
const TIME_LIMIT_MILLISECONDS = 240_000;
const PEOPLE_AT_ONCE = 4;
const LONGEST_DELAY_MILLISECONDS = 60;
const LONGEST_START_MILLISECONDS = 900;

/** Whoever's address Google vouches for would be known in the next round, at the Google of the round before. */
const people = personas.filter(({ hostedDomain }) => hostedDomain === undefined);

const accounts: readonly Account[] = people.flatMap((persona) => [
  { persona, provider: 'google' },
  { persona, provider: 'logto' },
]);

describe.each(databaseKinds)('kill -9 with %s', (kind) => {
  let database: TemporaryDatabase;

  beforeEach(async () => {
    database = await temporaryDatabase(kind);
  });

  afterEach(() => database.drop());

  it(
    'takes nothing that was acknowledged, whenever it comes, and leaves nothing half-written',
    () =>
      withSeed(async (random) => {
        const past: Visitor[] = [];
        for (let round = 0; round < ROUNDS; round += 1)
          past.push(...(await withStage(database, (stage) => runRound(stage, past, random))));
        expect(past.some(({ hasToken }) => hasToken)).toBe(true);
      }),
    TIME_LIMIT_MILLISECONDS,
  );

  it(
    'during the first start leaves a database that the next start completes',
    () =>
      withSeed((random) =>
        withStage(database, async (stage) => {
          for (let start = 0; start < 3; start += 1) {
            const backend = stage.start();
            await delay(random(LONGEST_START_MILLISECONDS));
            await backend.end('SIGKILL');
          }
          await stage.start().running();
          const visitor = new Visitor(stage, { persona: personas[0], provider: 'google' });
          await visitor.signIn();
          await visitor.expectToBeRemembered();
        }),
      ),
    TIME_LIMIT_MILLISECONDS,
  );
});

/** The providers of a round are its own, so that each round meets all of its people for the first time. */
async function runRound(stage: Stage, past: readonly Visitor[], random: Random): Promise<Visitor[]> {
  const backend = await stage.start().running();
  const visitors = await visitUntilKilled(stage, backend, random);
  const acknowledged = visitors.filter(({ isSignedIn }) => isSignedIn);

  await stage.start().running();
  for (const visitor of acknowledged) await visitor.expectToBeRemembered();
  expectOneUserPerAccount(acknowledged);
  for (const visitor of past) await visitor.expectToBeSignedIn(stage.url);
  expect(await halfWritten(stage.database)).toEqual([]);
  return acknowledged;
}

/**
 * Everybody signs in, some at once, and reads tokens in between. The backend is killed shortly after it has been sent
 * one of their callbacks: when it is busy with new users, and has acknowledged others.
 */
async function visitUntilKilled(stage: Stage, backend: BackendProcess, random: Random): Promise<Visitor[]> {
  const visitors: Visitor[] = [];
  const enough = PEOPLE_AT_ONCE + random(accounts.length);
  let callbacks = 0;
  let killed: Promise<unknown> | undefined;

  const readers = (): Visitor[] => visitors.filter(({ hasToken }) => hasToken);
  const onCallback = (): void => {
    callbacks += 1;
    if (callbacks < enough || readers().length === 0) return;
    killed ??= delay(random(LONGEST_DELAY_MILLISECONDS)).then(() => backend.end('SIGKILL'));
  };
  const act = (): Promise<void> => {
    if (readers().length > 0 && random(3) === 0) return readers()[random(readers().length)].readToken();
    const visitor = new Visitor(stage, accounts[visitors.length % accounts.length], onCallback);
    visitors.push(visitor);
    return visitor.signIn();
  };
  const person = async (): Promise<void> => {
    while (!backend.isKilled) {
      await act().catch((error: unknown) => {
        if (!backend.isKilled) throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: PEOPLE_AT_ONCE }, person));
  await killed;
  return visitors;
}

function expectOneUserPerAccount(visitors: readonly Visitor[]): void {
  const pairs = new Set(visitors.map(({ account, userId }) => `${account} is ${userId}`));
  const accounts = new Set(visitors.map(({ account }) => account));
  const users = new Set(visitors.map(({ userId }) => userId));
  expect([pairs.size, users.size]).toEqual([accounts.size, accounts.size]);
}
