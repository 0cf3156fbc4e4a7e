import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the README', () => {
  it('shows applications that the type check has seen', () => {
    const shown = [...read('../../README.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
    const checked = [
      './readme.example.ts',
      './guards.example.ts',
      './vault.example.ts',
      './tokens.example.ts',
      './webhooks.example.ts',
      '../conformance/sample.connector.ts',
    ].map((path) => read(path).replace("'../../src/index.js'", "'nest-latchkey'"));
    expect(shown).toEqual(checked);
  });
});
