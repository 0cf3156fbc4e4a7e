import { describe, expect, it } from '@jest/globals';
import { canonicalEmail, isSpelledAlike } from '../../src/identities/canonical-email.js';

describe('the canonical form of an address', () => {
  it.each([
    ['admin@example.test', 'admin@example.test'],
    ['Admin@Example.TEST', 'admin@example.test'],
    ['  admin@example.test ', 'admin@example.test'],
    ['ａｄｍｉｎ@example.test', 'admin@example.test'],
    ['admin＠example.test', 'admin@example.test'],
    ['admın@example.test', 'admin@example.test'],
    ['ADMİN@example.test', 'admin@example.test'],
    ['admi\u0307n@example.test', 'admin@example.test'],
    ['a\u0301dmin@example.test', 'admin@example.test'],
    ['ádmin@example.test', 'admin@example.test'],
    ['ad\u200bmin@example.test', 'admin@example.test'],
    ['ad\u00admin@example.test', 'admin@example.test'],
    ['straße@example.test', 'strasse@example.test'],
    ['miſter@example.test', 'mister@example.test'],
    ['ﬁrst@example.test', 'first@example.test'],
    ['\u212aelvin@example.test', 'kelvin@example.test'],
    ['ΑΣ@example.test', 'ας@example.test'],
    ['ασ@example.test', 'ας@example.test'],
    ['admin@exämple.test', 'admin@xn--exmple-cua.test'],
    ['admin@exa\u0308mple.test', 'admin@xn--exmple-cua.test'],
    ['admin@xn--exmple-cua.test', 'admin@xn--exmple-cua.test'],
    ['admin@XN--EXMPLE-CUA.test', 'admin@xn--exmple-cua.test'],
    ['admin@example。test', 'admin@example.test'],
    ['admin@example.test.', 'admin@example.test'],
    ['ad.min+tag@example.test', 'ad.min+tag@example.test'],
    ['админ@пример.испытание', 'админ@xn--e1afmkfd.xn--80akhbyknj4f'],
  ])('of %s is %s (AL-09)', (address, canonical) => {
    expect(canonicalEmail(address)).toBe(canonical);
    expect(canonicalEmail(canonical)).toBe(canonical);
  });

  it.each([
    ['admin@example.test', 'admin@exampıe.test'],
    ['admin@example.test', 'admin@exämple.test'],
    ['ad.min@example.test', 'admin@example.test'],
    ['admin+tag@example.test', 'admin@example.test'],
    ['admin@sub.example.test', 'admin@example.test'],
    ['аdmin@example.test', 'admin@example.test'],
  ])('keeps %s and %s apart, which are different mailboxes', (one, other) => {
    expect(canonicalEmail(one)).not.toBe(canonicalEmail(other));
  });

  it.each([
    undefined,
    '',
    'admin',
    '@example.test',
    'admin@',
    'admin@@example.test',
    'admin@example.test@example.test',
    'ad min@example.test',
    'admin@exam ple.test',
    'admin@example.test/path',
    'admin@exa%6dple.test',
    'admin@example.test:25',
    'admin@[::1]',
    'admin@xn--a.test\u0000',
    '\u0301@example.test',
    `${'a'.repeat(400)}@example.test`,
  ])('does not exist for %j, which is no address', (text) => {
    expect(canonicalEmail(text)).toBeUndefined();
  });
});

describe('two spellings', () => {
  it.each([
    ['admin@example.test', 'Admin@EXAMPLE.test', true],
    ['admin@example.test', ' admin@example.test', true],
    ['admin@example.test', 'admın@example.test', false],
    ['admin@example.test', 'ａdmin@example.test', false],
    ['admin@exämple.test', 'admin@xn--exmple-cua.test', false],
    ['ádmin@example.test', 'Ádmin@example.test', false],
  ])('%s and %s are alike: %s (AL-09)', (one, other, alike) => {
    expect(isSpelledAlike(one, other)).toBe(alike);
  });
});
