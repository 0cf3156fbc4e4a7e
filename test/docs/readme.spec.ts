import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the README', () => {
  it('shows an application that the type check has seen', () => {
    const [, shown] = /```ts\n([\s\S]*?)```/.exec(read('../../README.md')) ?? [];
    expect(shown).toBe(read('./readme.example.ts').replace("'../../src/index.js'", "'nest-latchkey'"));
  });
});
