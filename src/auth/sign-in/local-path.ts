/** Of an address to return to, in characters. */
export const LONGEST = 2000;

/** Whether the text can be nothing but a path (with a query) of the page's own origin. */
export const isPath = (text: string): boolean =>
  text.length <= LONGEST && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text);

/**
 * A path of our own, from a path or an address of our origin. Judged in the form in which it will be sent, since that
 * is what a browser reads: `/.//host` is `//host` by then.
 */
export function localPath(text: string, baseUrl: string): string | undefined {
  const url = isPath(text) ? new URL(text, baseUrl) : absolute(text);
  const path = url?.origin === baseUrl ? `${url.pathname}${url.search}${url.hash}` : '';
  return isPath(path) ? path : undefined;
}

/** Without a user, and with nothing that a browser might read otherwise than we do: `\` and control characters. */
export function absolute(text: string): URL | undefined {
  if (text.length > LONGEST || !/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/.test(text) || !URL.canParse(text))
    return undefined;
  const url = new URL(text);
  return url.username === '' && url.password === '' ? url : undefined;
}
