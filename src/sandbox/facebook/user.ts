import { createHash } from 'node:crypto';
import type { Persona } from '../personas.js';
import type { FacebookDialect } from './facebook.dialect.js';
import { malformed } from './facebook.error.js';
import type { UserCaller } from './caller.js';
import { userIdFor } from './user-id.js';

type Field = (persona: Persona, context: FieldContext) => unknown;

interface FieldContext {
  readonly id: string;
  readonly granted: readonly string[];
  readonly now: number;
}

const fields: Readonly<Record<string, Field>> = {
  id: (_persona, { id }) => id,
  name: ({ name }) => name,
  first_name: ({ givenName }) => givenName,
  last_name: ({ familyName }) => familyName,
  /** No word about whether it was verified; whoever has none, or kept it, has no such member. */
  email: ({ email }, { granted }) => (granted.includes('email') ? email : undefined),
  picture: (persona, context) => ({
    data: { height: 50, is_silhouette: persona.picture === undefined, url: pictureUrl(context), width: 50 },
  }),
};

/** The requested fields of whoever calls, `id` always among them. */
export function userNode(
  facebook: FacebookDialect,
  caller: UserCaller,
  requested = 'id,name',
): Record<string, unknown> {
  const context: FieldContext = {
    id: userIdFor(facebook, caller.clientId, caller.persona),
    granted: facebook.ledger.consent(caller)?.granted ?? [],
    now: facebook.ledger.clock.now(),
  };
  const names = new Set([...requested.split(',').map(withoutModifiers).filter(Boolean), 'id']);
  return Object.fromEntries([...names].map((name) => [name, fieldOf(name)(caller.persona, context)]));
}

function fieldOf(name: string): Field {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined)
    throw malformed(`(#100) Tried accessing nonexisting field (${name}) on node type (User)`);
  return field;
}

/** As in `picture.type(large)` and `picture{url}`. */
const withoutModifiers = (field: string): string => field.trim().replace(/[.{(].*$/, '');

/** Such addresses are signed and expire, so they are no place to link to for long. */
function pictureUrl({ id, now }: FieldContext): string {
  const expiry = now + 30 * 24 * 3600;
  const hash = createHash('sha256').update(`${id} ${expiry}`).digest('base64url').slice(0, 16);
  return `https://lookaside.example.test/platform/profilepic/?asid=${id}&height=50&width=50&ext=${expiry}&hash=${hash}`;
}
