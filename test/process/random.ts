import { randomInt } from 'node:crypto';

/** A whole number from 0, below the limit. */
export type Random = (limit: number) => number;

/** Chance that can be repeated: a failure tells its seed, and `KILL_SEED` sets it. */
export async function withSeed(test: (random: Random) => Promise<void>): Promise<void> {
  const seed = Number(process.env['KILL_SEED'] ?? randomInt(2 ** 31));
  try {
    await test(mulberry32(seed));
  } catch (cause) {
    throw new Error(`with KILL_SEED=${seed}: ${(cause as Error).message}`, { cause });
  }
}

function mulberry32(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
