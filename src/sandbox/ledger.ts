import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** A map as the state file keeps it: a list of pairs. */
export const mapOf = <Value>(value: z.ZodType<Value>) =>
  z
    .array(z.tuple([z.string(), value]))
    .default([])
    .transform((pairs) => new Map<string, Value>(pairs));

/** A user's permission to one client. Tokens live and die with it. */
export const holderSchema = z.object({ clientId: z.string(), personaId: z.string() });

export type Holder = z.infer<typeof holderSchema>;

export const keyOf = ({ clientId, personaId }: Holder): string => `${personaId} ${clientId}`;

export const isSameHolder = (one: Holder, other: Holder): boolean => keyOf(one) === keyOf(other);

/** Text that nobody guesses. */
export const random = (bytes: number): string => randomBytes(bytes).toString('base64url');

interface Expiring {
  readonly expiresAt?: number;
}

/** An entry without an expiry lives for ever. */
export const isAlive = ({ expiresAt }: Expiring, now: number): boolean =>
  expiresAt === undefined || expiresAt > now;

export const alive = <Entry extends Expiring>(entry: Entry | undefined, now: number): Entry | undefined =>
  entry !== undefined && isAlive(entry, now) ? entry : undefined;

/** Drops the entries that are meant, from each of the maps. */
export function forget<Entry>(
  maps: readonly Map<string, Entry>[],
  isMeant: (entry: Entry, key: string) => boolean,
): void {
  for (const kept of maps) {
    for (const [key, entry] of kept) if (isMeant(entry, key)) kept.delete(key);
  }
}
