import { randomInt } from 'node:crypto';

/** Times are whole seconds, so of the least delay, half of this, one second may be over at once. */
const FIRST_SECONDS = 4;
const LONGEST_SECONDS = 300;

/** How long to leave a provider alone after so many failures in a row: doubling, with half of it left to chance. */
export function retryDelaySeconds(failures: number): number {
  const ceiling = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(failures, 16));
  return ceiling / 2 + randomInt(Math.ceil(ceiling / 2) + 1);
}
