import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';
import { facebookLedgerSchema } from './facebook/ledger.js';
import { githubLedgerSchema } from './github/ledger.js';
import { ledgerSchema } from './google/ledger.js';
import { recordsSchema } from './logto/records.js';
import { wecomLedgerSchema } from './wecom/ledger.js';
import { xLedgerSchema } from './x/ledger.js';

const jwkSchema = z.looseObject({ kty: z.string(), alg: z.string(), kid: z.string() });

const savedSchema = z.object({
  version: z.literal(1),
  logto: z.object({
    key: jwkSchema,
    /** Signs no more, and still verifies. */
    previousKey: jwkSchema.optional(),
    cookieKeys: z.array(z.string()).min(1),
    records: recordsSchema,
    suspendedPersonas: z.array(z.string()).default([]),
  }),
  google: z.object({ key: jwkSchema, ledger: ledgerSchema }),
  // A file from before there was such a provider has no part of it.
  github: githubLedgerSchema.prefault({}),
  x: xLedgerSchema.prefault({}),
  facebook: facebookLedgerSchema.prefault({}),
  wecom: wecomLedgerSchema.prefault({}),
});

export type SavedState = z.infer<typeof savedSchema>;
export type SigningKey = z.infer<typeof jwkSchema>;

/** What a restart must not lose. Its owners change it in place and say so by {@link State.changed}. */
export interface State {
  readonly saved: SavedState;
  readonly changed: () => void;
  flush(): void;
}

export async function openState(path?: string): Promise<State> {
  const saved = (path === undefined ? undefined : read(path)) ?? (await freshState());
  if (path === undefined) return { saved, changed: () => undefined, flush: () => undefined };
  let due = false;
  const flush = (): void => {
    due = false;
    write(path, saved);
  };
  /** Written before the answer leaves that the change is about: a token that somebody holds survives any end. */
  const changed = (): void => {
    if (due) return;
    due = true;
    queueMicrotask(flush);
  };
  flush();
  return { saved, changed, flush };
}

function read(path: string): SavedState | undefined {
  try {
    return savedSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const aside = `${path}.damaged-${randomBytes(4).toString('hex')}`;
    renameSync(path, aside);
    console.warn(`The sandbox could not read its state, put it aside as ${aside} and starts afresh.`);
    return undefined;
  }
}

/** The file holds private keys and tokens, if only of the sandbox: it is for its owner alone. */
function write(path: string, saved: SavedState): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify(saved, plainMaps), { mode: 0o600 });
  renameSync(temporary, path);
}

const plainMaps = (_key: string, value: unknown): unknown => (value instanceof Map ? [...value] : value);

async function freshState(): Promise<SavedState> {
  return savedSchema.parse({
    version: 1,
    logto: { key: await newKey('ES384'), cookieKeys: [randomBytes(32).toString('base64url')], records: [] },
    google: { key: await newKey('RS256'), ledger: {} },
  });
}

export async function newKey(alg: 'ES384' | 'RS256'): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const kid = randomBytes(20).toString('hex');
  return jwkSchema.parse({ ...(await exportJWK(privateKey)), alg, use: 'sig', kid });
}
