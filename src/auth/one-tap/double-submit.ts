import { timingSafeEqual } from 'node:crypto';
import { LatchkeyError } from '../../common/errors.js';

const NAME = 'g_csrf_token';

/**
 * Google's script puts the same value into a cookie of our origin and into the form, which a page of another origin
 * cannot: https://developers.google.com/identity/gsi/web/guides/verify-google-id-token. Throws
 * `session.csrf_token_mismatch`.
 */
export function assertDoubleSubmit(cookies: string | undefined, posted: unknown): void {
  const kept = (cookies ?? '')
    .split(/; */)
    .filter((pair) => pair.startsWith(`${NAME}=`))
    .map((pair) => pair.slice(NAME.length + 1));
  if (kept.length === 1 && typeof posted === 'string' && posted !== '' && isSame(kept[0], posted)) return;
  throw new LatchkeyError(
    'session.csrf_token_mismatch',
    'This sign-in did not come from our page. Go back and try again.',
  );
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
