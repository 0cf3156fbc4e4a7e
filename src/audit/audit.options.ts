export const AUDIT_OPTIONS = Symbol('latchkey:audit-options');

export interface AuditModuleOptions {
  /** After how many days rows are removed. Default: never. */
  readonly retentionDays?: number;
}

const DAY_SECONDS = 86_400;

/** What is older is removed: seconds since the epoch. */
export const keptSince = ({ retentionDays }: AuditModuleOptions, now: number): number =>
  retentionDays === undefined ? -Infinity : now - retentionDays * DAY_SECONDS;
