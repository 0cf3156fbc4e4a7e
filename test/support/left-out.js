import pg from 'pg';
import { existsSync } from 'node:fs';

const POSTGRES_URL = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * What this machine lacks for the whole suite. In CI nothing may be lacking; elsewhere the tests that need it are
 * left out, and the last lines of the run say so.
 */
export async function leftOut() {
  const postgresUrl = (await answers(POSTGRES_URL)) ? POSTGRES_URL : undefined;
  const chromiumPath = [process.env.CHROMIUM_PATH, ...CHROMIUM].find((path) => path && existsSync(path));
  const sentences = [
    ...(postgresUrl
      ? []
      : [
          'everything on PostgreSQL: no server answers at TEST_POSTGRES_URL (default 127.0.0.1:5432, user postgres)',
        ]),
    ...(chromiumPath
      ? []
      : ['the browser test: no Chromium (install the package chromium, or set CHROMIUM_PATH)']),
  ];
  if (process.env.CI && sentences.length > 0)
    throw new Error(`CI must run all tests, and cannot run ${sentences.join('; ')}`);
  return {
    sentences,
    testPaths: chromiumPath ? [] : ['/test/browser/'],
    globals: { POSTGRES_URL: postgresUrl, CHROMIUM_PATH: chromiumPath },
  };
}

async function answers(connectionString) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 30_000 });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
