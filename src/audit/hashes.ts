import { createHmac, randomBytes } from 'node:crypto';
import type { AuditEntry, AuditFacts } from './audit-entry.entity.js';
import { valuesOf } from './facts.js';

/** A place in the chain. The hash is HMAC-SHA-256, base64url; it is empty before the first row. */
export interface Link {
  readonly position: number;
  readonly hash: string;
}

/** A row that has its place. */
export type ChainedEntry = UnchainedRow & Link;

/** What the hash covers beside the place. */
export type UnchainedRow = AuditFacts & Pick<AuditEntry, 'proof' | 'origin'>;

export const BEGINNING: Link = { position: 0, hash: '' };

export const KEY_BYTES = 32;
const NONCE_BYTES = 16;

/** The hash of a row that comes after another one: of its position, the hash before, and every column. */
export const hashAfter = (key: Buffer, { position, hash }: Link, row: UnchainedRow): string =>
  mac(key, ['row', position + 1, hash, row.origin, row.proof, ...valuesOf(row)]);

/** For a row that waits outside the chain: that it was written by a holder of the key, and once. */
export function proofOf(key: Buffer, facts: AuditFacts): string {
  const nonce = randomBytes(NONCE_BYTES);
  return Buffer.concat([nonce, macOfFacts(key, nonce, facts)]).toString('base64url');
}

export function isProven(key: Buffer, row: AuditEntry): boolean {
  const nonce = Buffer.from(row.proof ?? '', 'base64url').subarray(0, NONCE_BYTES);
  return row.proof === Buffer.concat([nonce, macOfFacts(key, nonce, row)]).toString('base64url');
}

/** Of the last row that retention has removed. */
export const removalProofOf = (key: Buffer, { position, hash }: Link): string =>
  mac(key, ['removed', position, hash]);

const macOfFacts = (key: Buffer, nonce: Buffer, facts: AuditFacts): Buffer =>
  Buffer.from(mac(key, ['proof', nonce.toString('base64url'), ...valuesOf(facts)]), 'base64url');

/** JSON keeps the parts apart, the name of the form keeps the three kinds apart. */
const mac = (key: Buffer, parts: readonly unknown[]): string =>
  createHmac('sha256', key)
    .update(JSON.stringify(['latchkey-audit/1', ...parts]))
    .digest('base64url');
