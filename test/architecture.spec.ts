import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** From left to right: each may use what stands to its right. `database` knows every table, so it stands at the left. */
const ORDER = [
  ['main', 'testing', 'rotation-command', 'audit-command'],
  ['conformance'],
  ['index', 'app.module'],
  ['database'],
  ['pages', 'operations'],
  ['auth'],
  ['identities'],
  ['token-vault'],
  ['connectors'],
  ['events'],
  ['audit'],
  ['sealing'],
  ['common'],
  ['config'],
];

const source = join(import.meta.dirname, '../src');

interface Import {
  readonly from: string;
  readonly to: string;
  readonly dynamic: boolean;
  readonly typeOnly: boolean;
}

const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? files(join(folder, entry.name))
      : entry.name.endsWith('.ts')
        ? [join(folder, entry.name)]
        : [],
  );

const imports: Import[] = files(source).flatMap((file) => {
  const text = readFileSync(file, 'utf8');
  const statements = [...text.matchAll(/^(?:import|export)\s(type\s)?[^;]*?from '(\.[^']+)'/gm)].map(
    ([, type, to]) => ({
      to,
      dynamic: false,
      typeOnly: type !== undefined,
    }),
  );
  const dynamic = [...text.matchAll(/import\('(\.[^']+)'\)/g)].map(([, to]) => ({
    to,
    dynamic: true,
    typeOnly: false,
  }));
  return [...statements, ...dynamic].map(({ to, ...kind }) => ({
    ...kind,
    from: relative(source, file),
    to: relative(source, join(dirname(file), to)).replace(/\.js$/, '.ts'),
  }));
});

/** The folder, or for a file at the top its own name. */
const placeOf = (file: string): string =>
  file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, '');

/** `connectors/providers/wecom.connector.ts` and what is in `connectors/providers/wecom/` are of one provider. */
const providerOf = (file: string): string => file.split(/[/.]/)[2];

const rankOf = (place: string): number => ORDER.findIndex((places) => places.includes(place));

const named = ({ from, to }: Import): string => `${from} -> ${to}`;

describe('the arrows between folders', () => {
  it('finds the imports that it judges', () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(
      imports
        .filter(({ from }) => placeOf(from) !== 'sandbox')
        .filter(({ from }) => rankOf(placeOf(from)) === -1),
    ).toEqual([]);
  });

  it('point to the right only', () => {
    const wrong = imports
      .filter(({ from, to }) => placeOf(from) !== 'sandbox' && placeOf(to) !== 'sandbox')
      .filter(
        ({ from, to }) => placeOf(from) !== placeOf(to) && rankOf(placeOf(to)) <= rankOf(placeOf(from)),
      );
    expect(wrong.map(named)).toEqual([]);
  });

  it('reach the sandbox from main and testing alone, and from main only when it is wanted', () => {
    const entering = imports.filter(
      ({ from, to }) => placeOf(to) === 'sandbox' && placeOf(from) !== 'sandbox',
    );
    expect(entering.filter(({ from }) => !['main.ts', 'testing.ts'].includes(from)).map(named)).toEqual([]);
    expect(
      entering
        .filter(({ from, dynamic, typeOnly }) => from === 'main.ts' && !dynamic && !typeOnly)
        .map(named),
    ).toEqual([]);
  });

  it('lead out of the sandbox to common and config alone', () => {
    const leaving = imports.filter(
      ({ from, to }) => placeOf(from) === 'sandbox' && placeOf(to) !== 'sandbox',
    );
    expect(leaving.filter(({ to }) => !['common', 'config'].includes(placeOf(to))).map(named)).toEqual([]);
  });

  it('never lead from one provider to another', () => {
    const between = imports.filter(
      ({ from, to }) =>
        from.startsWith('connectors/providers/') &&
        to.startsWith('connectors/providers/') &&
        providerOf(from) !== providerOf(to),
    );
    expect(between.map(named)).toEqual([]);
  });

  it('make no circle of values', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, typeOnly } of imports)
      if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
    expect(
      [...edges.keys()].map((file) => circle(edges, [file])).filter((path) => path !== undefined),
    ).toEqual([]);
  });
});

describe('what only one place does', () => {
  const mentions = (pattern: RegExp, allowed: RegExp): string[] =>
    files(source)
      .filter((file) => pattern.test(readFileSync(file, 'utf8')))
      .map((file) => relative(source, file))
      .filter((file) => !allowed.test(file));

  it('only sealing encrypts', () => {
    expect(mentions(/createCipheriv|createDecipheriv/, /^sealing\//)).toEqual([]);
  });

  it('only config reads the environment, which main and commands hand to it', () => {
    expect(mentions(/process\.env/, /^(config\/|(main|rotation-command|audit-command)\.ts$)/)).toEqual([]);
  });

  it('only the clock reads the time', () => {
    expect(mentions(/Date\.now\(|new Date\(\)/, /^common\/clock\.ts/)).toEqual([]);
  });

  it('only the HTTP client goes out', () => {
    expect(mentions(/(?<![.\w])fetch\(|https?\.request\(/, /^(common\/http-client|conformance\/)/)).toEqual(
      [],
    );
  });

  it('only the two public entries gather exports', () => {
    expect(mentions(/^export \* |^export \{[^}]*\} from/m, /^(index|testing)\.ts/)).toEqual([]);
  });
});

function circle(edges: Map<string, string[]>, path: string[]): string | undefined {
  for (const next of edges.get(path[path.length - 1]) ?? []) {
    if (next === path[0]) return [...path, next].join(' -> ');
    if (path.includes(next)) continue;
    const found = circle(edges, [...path, next]);
    if (found) return found;
  }
  return undefined;
}
