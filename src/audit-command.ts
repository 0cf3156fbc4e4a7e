import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { AuditVerifier, type VerificationOptions, type Verified } from './audit/audit-verifier.js';
import type { ChainedEntry, Link } from './audit/hashes.js';
import { Clock } from './common/clock.js';
import { isLatchkeyError } from './common/errors.js';
import { ConfigurationError } from './config/configuration.error.js';
import { readConfiguration } from './config/configuration.js';
import { connect } from './database/data-source.js';
import { configuredKeys } from './sealing/configured-keys.js';
import { Sealer } from './sealing/sealer.js';

const USAGE = `audit:verify [--expect <position>:<hash>] [--from <position>:<hash>]
  judges every row of the audit log; ends with 0 when it is whole, with 1 when it is not, with 2 when it cannot be judged
  --expect  a head that was printed before: the log has to contain it
  --from    a head that was printed before: only what comes after it is judged
audit:export
  prints every row of the chain as a line of JSON`;

/** `npm run audit:verify` and `npm run audit:export`: beside a backend that runs, on the database and with the keys of its environment. */
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}

function messageOf(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (isOfArguments(error)) return `${error.message}\n${USAGE}`;
  return isLatchkeyError(error) ? `${error.code}: ${error.message}` : String(error);
}

function isOfArguments(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

async function run(words: string[]): Promise<number> {
  const { command, options } = parse(words);
  const { databaseUrl, vaultKeys } = readConfiguration(process.env);
  const dataSource = await connect(databaseUrl);
  try {
    const verifier = new AuditVerifier(dataSource, new Sealer(configuredKeys(vaultKeys)), new Clock());
    return await (command === 'verify' ? verify(verifier, options) : print(verifier));
  } finally {
    await dataSource.destroy();
  }
}

async function verify(verifier: AuditVerifier, options: VerificationOptions): Promise<number> {
  const verdict = await verifier.verify(options);
  if (verdict.isWhole) {
    console.log(`The audit log is whole: ${extentOf(verdict)}`);
    return 0;
  }
  const { position, fault, unproven, verified } = verdict;
  const where = position === undefined ? '' : ` at position ${position}`;
  console.log(`The audit log is at fault${where}: ${fault}`);
  if (verified) console.log(`Otherwise it is whole: ${extentOf(verified)}`);
  else if (unproven)
    console.log(
      `Rows of which nothing shows that Latchkey wrote them: ${unproven.count}, the first at position ${unproven.first}`,
    );
  return 1;
}

function extentOf({ rows, head }: Verified): string {
  return `${rows} rows, head ${head.position}:${head.hash}`;
}

async function print(verifier: AuditVerifier): Promise<number> {
  await verifier.forEachPage(async (rows) => {
    const isTaken = process.stdout.write(rows.map(lineOf).join(''));
    if (!isTaken) await new Promise((resolve) => process.stdout.once('drain', resolve));
  });
  return 0;
}

function lineOf({ position, hash, ...row }: ChainedEntry): string {
  return `${JSON.stringify({ position, hash, ...row })}\n`;
}

function parse(words: string[]): { command: string; options: VerificationOptions } {
  const { positionals, values } = parseArgs({
    args: words,
    allowPositionals: true,
    options: { expect: { type: 'string' }, from: { type: 'string' } },
  });
  const [command, ...others] = positionals;
  if (!['verify', 'export'].includes(command) || others.length > 0) throw new ConfigurationError(USAGE);
  return { command, options: { expect: linkOf(values.expect), from: linkOf(values.from) } };
}

function linkOf(text: string | undefined): Link | undefined {
  if (text === undefined) return undefined;
  const [, position, hash] = /^(\d{1,15}):([\w-]{43})$/.exec(text) ?? [];
  if (hash === undefined) throw new ConfigurationError(`not of the form <position>:<hash>: ${text}`);
  return { position: Number(position), hash };
}
