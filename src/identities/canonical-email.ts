import { domainToASCII } from 'node:url';

const LONGEST = 320;

/**
 * One form for all spellings of an address that somebody might take for the same: case, width, ligatures, accents and
 * invisible characters of the local part make no difference, nor does the domain's script. Nothing where the text is
 * no address. It errs on the side of sameness, so equal forms are a reason to refuse; to join accounts the addresses
 * have to be {@link isSpelledAlike} too. Dots and `+` stay: what they mean is known to the mailbox's provider alone.
 */
export function canonicalEmail(text: string | undefined): string | undefined {
  if (text === undefined || text.length > LONGEST) return undefined;
  const [, local, domain] = /^([^\s@]+)@([^\s@]+)$/.exec(text.normalize('NFKC').trim()) ?? [];
  if (local === undefined || domain === undefined) return undefined;
  const [canonicalLocal, canonicalDomain] = [fold(local), asciiDomain(domain)];
  return canonicalLocal && canonicalDomain ? `${canonicalLocal}@${canonicalDomain}` : undefined;
}

/** Whether two addresses differ in nothing but the case of ASCII letters. */
export const isSpelledAlike = (one: string, other: string): boolean => lowerAscii(one) === lowerAscii(other);

const lowerAscii = (text: string): string => text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** By way of upper case, which is the fuller folding: `ı` and `İ` become `i`, `ß` becomes `ss`, `ſ` becomes `s`. */
const fold = (local: string): string =>
  local
    .normalize('NFKD')
    .replace(/[\u0300-\u036f\p{Default_Ignorable_Code_Point}]/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC');

/** UTS 46. Characters that a URL's parser would take for the end of the host, or decode, have no place in a domain. */
const asciiDomain = (domain: string): string =>
  /[%/\\?#:[\]]/.test(domain) ? '' : domainToASCII(domain).replace(/\.$/, '');
