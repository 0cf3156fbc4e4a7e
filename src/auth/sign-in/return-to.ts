import { LatchkeyError } from '../../common/errors.js';

/**
 * A path of our own to go to afterwards, from what a request asks for. Everything that a browser might take for
 * another origin is refused: schemes, `//host`, `\\` and control characters.
 */
export function returnTo(wanted: string | null, baseUrl: string): string {
  if (wanted === null || wanted === '') return '/';
  if (!isPath(wanted) || new URL(wanted, baseUrl).origin !== new URL(baseUrl).origin) {
    throw new LatchkeyError('auth.return_to_invalid', 'The address to return to is not one of ours.');
  }
  return wanted;
}

/** Whether the text can be nothing but a path (with a query) of the page's own origin. */
export const isPath = (text: string): boolean =>
  text.length <= 2000 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text);
