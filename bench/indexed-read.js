/** A bare Fastify with one route that reads one row of the vault by its index, with a prepared statement. */
import process from 'node:process';
import { fastify } from 'fastify';

const { PORT, DATABASE_URL, USER_ID } = process.env;
const SQL = 'SELECT * FROM latchkey_secrets WHERE user_id = $1 AND target = $2';
const read = await (DATABASE_URL.startsWith('sqlite:') ? sqlite() : postgres());

const app = fastify();
app.get('/', async (_request, reply) => {
  const row = await read(USER_ID, 'google');
  reply.header('cache-control', 'no-store');
  return { access_token: row.ciphertext, token_type: row.token_type, scope: row.scope, expires_in: 3599 };
});
await app.listen({ port: Number(PORT), host: 'localhost' });

async function sqlite() {
  const { default: Database } = await import('libsql');
  const file = DATABASE_URL.slice('sqlite:'.length);
  const statement = new Database(file, { readonly: true }).prepare(SQL.replaceAll(/\$\d/g, '?'));
  return async (...values) => statement.get(...values);
}

async function postgres() {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: DATABASE_URL });
  return async (...values) => (await pool.query({ name: 'read', text: SQL, values })).rows[0];
}
