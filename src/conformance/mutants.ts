const REPLACEMENTS: readonly unknown[] = [
  null,
  '',
  0,
  -1,
  false,
  true,
  {},
  [],
  'x'.repeat(5000),
  '\ud800',
  { __proto__: null, id: 1 },
];

/** Copies of a JSON value in each of which one member, at any depth, is missing or something else. */
export function mutantsOf(value: unknown): unknown[] {
  return pathsOf(value).flatMap((path) => [
    without(value, path),
    ...REPLACEMENTS.map((replacement) => withAt(value, path, replacement)),
  ]);
}

type Path = readonly string[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  const deeper =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, member]) => pathsOf(member, [...path, name]))
      : [];
  return path.length === 0 ? deeper : [path, ...deeper];
}

function withAt(value: unknown, [name, ...rest]: Path, replacement: unknown): unknown {
  if (name === undefined) return replacement;
  const copy = copyOf(value);
  copy[name] = withAt(copy[name], rest, replacement);
  return copy;
}

function without(value: unknown, [name, ...rest]: Path): unknown {
  const copy = copyOf(value);
  if (name === undefined) return copy;
  if (rest.length === 0) Reflect.deleteProperty(copy, name);
  else copy[name] = without(copy[name], rest);
  return copy;
}

const copyOf = (value: unknown): Record<string, unknown> =>
  (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
