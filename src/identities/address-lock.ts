import type { EntityManager } from 'typeorm';
import { digest } from '../common/random.js';
import { canonicalEmail } from './canonical-email.js';

/**
 * Nobody else decides about this address before the end of the transaction, in whatever process: of two first sign-ins
 * with it, at two providers, the second sees the first one's user. SQLite lets in one writer at a time by itself.
 */
export async function lockAddress(manager: EntityManager, email: string | undefined): Promise<void> {
  const address = canonicalEmail(email);
  if (address === undefined || manager.dataSource.options.type !== 'postgres') return;
  const hash = Buffer.from(digest(`latchkey:address:${address}`), 'base64url');
  await manager.query('SELECT pg_advisory_xact_lock($1)', [hash.readBigInt64BE().toString()]);
}
