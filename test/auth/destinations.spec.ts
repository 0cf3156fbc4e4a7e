import { describe, expect, it } from '@jest/globals';
import type { AuthModuleOptions } from '../../src/auth/auth.options.js';
import { Destinations } from '../../src/auth/sign-in/destinations.js';

const options = {
  baseUrl: 'https://app.example.test',
  returnToOrigins: ['https://spa.example.test'],
} as unknown as AuthModuleOptions;
const destinations = new Destinations(options);
const outcomeOf = (wanted: string): string => {
  try {
    return destinations.check(wanted);
  } catch (error) {
    return String((error as { code?: string }).code);
  }
};
const REFUSED = 'auth.return_to_invalid';

describe('an address to return to (AR-08, SE-15)', () => {
  it.each([
    ['/', '/'],
    ['/a/b?c=d&e=%2F', '/a/b?c=d&e=%2F'],
    ['/a#b', '/a#b'],
    ['/a/../b', '/b'],
    ['/@evil.example', '/@evil.example'],
    ['https://app.example.test/x?y', '/x?y'],
    ['https://app.example.test', '/'],
    ['https://spa.example.test/x?y#z', 'https://spa.example.test/x?y#z'],
    ['https://SPA.example.test', 'https://spa.example.test/'],
  ])('of ours or of an allowed origin leads there: %s', (wanted, expected) => {
    expect(outcomeOf(wanted)).toBe(expected);
  });

  it.each([
    '',
    'x',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    '/%2e//evil.example',
    '/%2e%2e//evil.example',
    'https://app.example.test//evil.example',
    'https://app.example.test/.//evil.example',
    '/\tevil.example',
    '/ evil.example',
    '/é',
    '/x\r\nset-cookie: a=b',
    'https://evil.example',
    'http://app.example.test',
    'https://app.example.test:444',
    'https://app.example.test.evil.example',
    'https://app.example.test@evil.example',
    'https://user@app.example.test',
    'https://user:password@spa.example.test',
    'https://spa.example.test\\@evil.example',
    'https:evil.example',
    'https:/evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '/'.padEnd(2001, 'x'),
    '/'.padEnd(1990, '"'),
    `https://spa.example.test/${'"'.repeat(1900)}`,
  ])('that might lead elsewhere, or nowhere, is refused: %j', (wanted) => {
    expect(outcomeOf(wanted)).toBe(REFUSED);
  });
});
