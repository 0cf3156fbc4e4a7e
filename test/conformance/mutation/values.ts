import type { Random } from './random.js';

/** A JSON value that is somewhere else than it should be, or not there at all. */
export function mutateValue(value: unknown, random: Random): unknown {
  const paths = pathsOf(value);
  return at(value, random.pick(paths), (member) => changed(member, random));
}

/** Stands for JSON text that no JSON value is serialised to. */
const raw = (text: string): string => `@@${text}@@`;

/** The JSON text of a mutated value. */
export const textOf = (value: unknown): string =>
  (JSON.stringify(value) ?? '').replace(/"@@(.*?)@@"/g, (_, text: string) =>
    text.startsWith('deep') ? '['.repeat(Number(text.slice(4))) + ']'.repeat(Number(text.slice(4))) : text,
  );

const REPLACEMENTS: readonly unknown[] = [
  null,
  '',
  ' ',
  0,
  -1,
  1,
  1.5,
  false,
  true,
  'true',
  'null',
  'undefined',
  {},
  [],
  [[]],
  [null],
  { toString: 1 },
  '\u0000',
  'a\nb',
  '\ud800',
  '\u202eadmin',
  'é'.repeat(300),
  'x'.repeat(256),
  'x'.repeat(70_000),
  'https://evil.invalid/',
  "'; DROP TABLE latchkey_users; --",
  raw('9007199254740993'),
  raw('583231000000000000001'),
  raw('1e400'),
  raw('-0'),
  raw('deep500'),
  raw('deep50000'),
  ...['__proto__', 'constructor', 'prototype'].map((name) =>
    Object.fromEntries([[name, { polluted: true, id: 1, sub: 'polluted' }]]),
  ),
];

const REMOVED = Symbol('removed');

function changed(member: unknown, random: Random): unknown {
  switch (random.below(6)) {
    case 0:
      return REMOVED;
    case 1:
      return random.chance(50) ? [member] : { value: member, data: member };
    case 2:
      return otherKind(member, random);
    case 3:
      return withMember(member, random);
    default:
      return random.pick(REPLACEMENTS);
  }
}

function otherKind(member: unknown, random: Random): unknown {
  if (typeof member === 'number' || typeof member === 'boolean') return String(member);
  if (typeof member !== 'string') return JSON.stringify(member);
  const number = Number(member);
  if (!Number.isNaN(number) && random.chance(50)) return raw(member === '' ? '0' : member);
  return member.slice(0, random.below(member.length + 1)) + random.pick(['', '\u0007', ' ', 'ı', '0']);
}

/** A member more, of a name that means something to the language or to us. */
function withMember(member: unknown, random: Random): unknown {
  if (typeof member !== 'object' || member === null) return random.pick(REPLACEMENTS);
  const name = random.pick([
    '__proto__',
    'constructor',
    'id',
    'sub',
    'error',
    'errcode',
    'email',
    'then',
    'a',
  ]);
  const value = random.pick(REPLACEMENTS);
  if (Array.isArray(member)) return [...(member as unknown[]), value];
  return Object.fromEntries([...Object.entries(member), [name, value]]);
}

type Path = readonly string[];

const pathsOf = (value: unknown, path: Path = []): Path[] => [
  path,
  ...(typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, member]) => pathsOf(member, [...path, name]))
    : []),
];

function at(value: unknown, [name, ...rest]: Path, change: (member: unknown) => unknown): unknown {
  if (name === undefined) {
    const whole = change(value);
    return whole === REMOVED ? null : whole;
  }
  const isLast = rest.length === 0;
  const entries = Object.entries(value as object).flatMap(([key, member]): [string, unknown][] => {
    if (key !== name) return [[key, member]];
    const next = isLast ? change(member) : at(member, rest, change);
    return next === REMOVED ? [] : [[key, next]];
  });
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}
