import type { HttpAdapterHost } from '@nestjs/core';

/**
 * What has become of a grant at its provider: it has ended; it is going to be ended, however often that has to be tried;
 * or there is nothing that could be ended there (nothing was held, or the provider knows no way).
 */
export type RevocationOutcome = 'revoked' | 'pending' | 'unsupported';

/** The header that says so, on answers that are Logto's otherwise. */
export const REVOCATION_HEADER = 'Latchkey-Revocation';

export function tellRevocation(host: HttpAdapterHost, response: unknown, outcome: RevocationOutcome): void {
  host.httpAdapter.setHeader(response, REVOCATION_HEADER, outcome);
}

/** Of several grants, what is true of all of them together. */
export function together(outcomes: readonly RevocationOutcome[]): RevocationOutcome {
  if (outcomes.includes('pending')) return 'pending';
  return outcomes.includes('revoked') ? 'revoked' : 'unsupported';
}
