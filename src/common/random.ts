import { hash, randomBytes, randomInt } from 'node:crypto';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A value that nobody can guess: 256 random bits, base64url, 43 characters. */
export const randomToken = (): string => randomBytes(32).toString('base64url');

/** The same as 64 letters and digits: the only form of `state` that every provider takes (WeCom refuses `-` and `_`). */
export const randomState = (): string => randomBytes(32).toString('hex');

/** An identifier in Logto's form: 12 characters of `[0-9a-z]` for users and instances, 21 for records. */
export const randomId = (length: 12 | 21): string =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** Only such ids of records are ever given out; databases disagree about others. */
export const isRecordId = (text: string): boolean => /^[\da-z]{21}$/.test(text);

/** SHA-256, base64url. What is stored of a value that only its bearer may know. */
export const digest = (value: string): string => hash('sha256', value, 'base64url');
