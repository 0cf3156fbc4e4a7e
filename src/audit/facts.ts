import { AuditFacts } from './audit-entry.entity.js';

/**
 * What happened, in names and ids: never a token, an e-mail address or a provider's text. Texts that are longer than
 * their column are cut.
 */
export type AuditEvent = Pick<AuditFacts, 'event' | 'outcome'> & Partial<Omit<AuditFacts, 'at'>>;

/** The facts with their columns and the lengths of texts, in the order in which they are hashed: add to the end alone. */
export const FACTS: readonly Fact[] = [
  { property: 'at', column: 'at' },
  { property: 'event', column: 'event', length: 64 },
  { property: 'outcome', column: 'outcome', length: 16 },
  { property: 'reason', column: 'reason', length: 64 },
  { property: 'actorId', column: 'actor_id', length: 128 },
  { property: 'userId', column: 'user_id', length: 128 },
  { property: 'connectorId', column: 'connector_id', length: 64 },
  { property: 'target', column: 'target', length: 64 },
  { property: 'subject', column: 'subject', length: 43 },
  { property: 'identityId', column: 'identity_id', length: 21 },
  { property: 'secretId', column: 'secret_id', length: 21 },
  { property: 'clientId', column: 'client_id', length: 128 },
  { property: 'purpose', column: 'purpose', length: 64 },
  { property: 'statedReason', column: 'stated_reason', length: 256 },
  { property: 'count', column: 'count' },
];

interface Fact {
  readonly property: keyof AuditFacts;
  readonly column: string;
  /** Absent for numbers. */
  readonly length?: number;
}

/** In the form in which both databases keep them and give them back: one row that is refused would stop all others. */
export function factsOf(event: AuditEvent, at: number): AuditFacts {
  const given: Partial<AuditFacts> = { ...event, at };
  const facts: Record<string, unknown> = {};
  for (const { property, length } of FACTS) facts[property] = stored(given[property], length);
  return facts as unknown as AuditFacts;
}

/** The facts alone, in their order. */
export const valuesOf = (facts: AuditFacts): unknown[] => FACTS.map(({ property }) => facts[property]);

type Stored = string | number | null | undefined;

function stored(value: Stored, length: number | undefined): string | number | null {
  if (value === undefined || value === null) return null;
  if (length === undefined) return Number(value);
  const text = String(value);
  const isFine = text.length <= length && !text.includes('\0') && text.isWellFormed();
  return isFine ? text : text.replaceAll('\0', '').slice(0, length).toWellFormed();
}
