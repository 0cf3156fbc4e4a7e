import { createDataSource, dataSourceOptions } from '../../src/database/data-source.js';
import type { TemporaryDatabase } from '../support/databases.js';

/** What belongs together and is written together: each query finds rows whose other half is missing. */
const queries = {
  'user without identity':
    'SELECT id FROM latchkey_users WHERE id NOT IN (SELECT user_id FROM latchkey_identities)',
  'identity without user':
    'SELECT id FROM latchkey_identities WHERE user_id NOT IN (SELECT id FROM latchkey_users)',
  'session without user':
    'SELECT id FROM latchkey_sessions WHERE user_id NOT IN (SELECT id FROM latchkey_users)',
  'secret without user':
    'SELECT id FROM latchkey_secrets WHERE user_id NOT IN (SELECT id FROM latchkey_users)',
  'identity at Google without secret': `SELECT id FROM latchkey_identities i WHERE connector_id = 'google' AND NOT EXISTS
    (SELECT 1 FROM latchkey_secrets s WHERE s.user_id = i.user_id AND s.subject = i.subject)`,
  'secret without identity': `SELECT id FROM latchkey_secrets s WHERE NOT EXISTS
    (SELECT 1 FROM latchkey_identities i WHERE i.user_id = s.user_id AND i.subject = s.subject)`,
  "session from Logto without Logto's tokens": `SELECT id FROM latchkey_sessions s
    WHERE NOT EXISTS (SELECT 1 FROM latchkey_logto_sessions l WHERE l.session_id = s.id)
    AND NOT EXISTS (SELECT 1 FROM latchkey_identities i WHERE i.user_id = s.user_id AND i.connector_id <> 'logto')`,
};

export async function halfWritten({ url }: TemporaryDatabase): Promise<string[]> {
  const dataSource = await createDataSource(dataSourceOptions(url)).initialize();
  try {
    const found: string[] = [];
    for (const [fault, query] of Object.entries(queries)) {
      const rows: { id: string }[] = await dataSource.query(query);
      found.push(...rows.map(({ id }) => `${fault}: ${id}`));
    }
    return found;
  } finally {
    await dataSource.destroy();
  }
}
