import { LatchkeyError } from '../../common/errors.js';

/** Whether a writer has seen this version (RFC 9110 13.1.1, `If-Match`). */
export type VersionTest = (version: number) => boolean;

/** More than there are administrators who write the same row at the same moment. */
const ATTEMPTS = 20;

/** Throws `connector.version_mismatch`. */
export function assertVersion({ version }: { readonly version: number }, test?: VersionTest): void {
  if (!test || test(version)) return;
  throw new LatchkeyError('connector.version_mismatch', 'It has been changed since. Look again, and repeat.');
}

/**
 * Repeats a write that reads, changes and writes by compare-and-set until it has met nobody else. An attempt that is
 * false has changed nothing. Rejects with `vault.conflict` at last.
 */
export async function againOnConflict(attempt: () => Promise<boolean>): Promise<void> {
  for (let left = ATTEMPTS; left > 0; left--) if (await attempt()) return;
  throw new LatchkeyError('vault.conflict', 'Too many write at the same time. Try again.');
}
