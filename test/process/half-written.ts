import { createDataSource, dataSourceOptions } from '../../src/database/data-source.js';
import type { TemporaryDatabase } from '../support/databases.js';

/** What belongs together and is written together: each query finds rows whose other half is missing. */
const queries = {
  'user without identity': 'SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM identities)',
  'identity without user': 'SELECT id FROM identities WHERE user_id NOT IN (SELECT id FROM users)',
  'session without user': 'SELECT id FROM sessions WHERE user_id NOT IN (SELECT id FROM users)',
  'secret without user': 'SELECT id FROM secrets WHERE user_id NOT IN (SELECT id FROM users)',
  'identity at Google without secret': `SELECT id FROM identities i WHERE connector_id = 'google' AND NOT EXISTS
    (SELECT 1 FROM secrets s WHERE s.user_id = i.user_id AND s.subject = i.subject)`,
  'secret without identity': `SELECT id FROM secrets s WHERE NOT EXISTS
    (SELECT 1 FROM identities i WHERE i.user_id = s.user_id AND i.subject = s.subject)`,
  "Logto's tokens without session":
    'SELECT session_id AS id FROM session_tokens WHERE session_id NOT IN (SELECT id FROM sessions)',
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
