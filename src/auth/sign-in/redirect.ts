/** What a handler under `@Redirect()` returns: the browser goes on with GET, whatever it came with (RFC 9700 4.12). */
export interface SeeOther {
  readonly url: string;
  readonly statusCode: 303;
}

export const seeOther = (url: string): SeeOther => ({ url, statusCode: 303 });
