import { randomInt } from 'node:crypto';

const FIRST_SECONDS = 2;
const LONGEST_SECONDS = 300;

/** How long to leave a provider alone after so many failures in a row: doubling, with half of it left to chance. */
export function retryDelaySeconds(failures: number): number {
  const ceiling = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(failures, 16));
  return ceiling / 2 + randomInt(Math.ceil(ceiling / 2) + 1);
}
