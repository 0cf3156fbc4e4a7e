import { Inject, Injectable } from '@nestjs/common';
import { LatchkeyError } from '../../common/errors.js';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';

/** Where a browser may be sent after a sign-in or a sign-out: to a path of our own, or to an origin that is allowed by name. */
@Injectable()
export class Destinations {
  readonly afterSignOut: string;
  private readonly afterSignIn: string;
  private readonly baseUrl: string;
  private readonly allowed: ReadonlySet<string>;

  constructor(@Inject(AUTH_OPTIONS) options: AuthModuleOptions) {
    const { baseUrl, afterSignIn = '/', afterSignOut = '/', returnToOrigins = [] } = options;
    [this.baseUrl, this.afterSignIn, this.afterSignOut] = [baseUrl, afterSignIn, afterSignOut];
    this.allowed = new Set(returnToOrigins);
  }

  /** What a link asks for by `return_to`. Rejects with `auth.return_to_invalid`. */
  wanted(query: URLSearchParams, parameter = 'return_to'): string {
    return this.check(query.get(parameter) || this.afterSignIn);
  }

  /**
   * The same address where a browser can go. Everything that it might take for another origin is refused: schemes,
   * `//host`, `\` and control characters.
   */
  check(wanted: string): string {
    const destination = isPath(wanted) ? new URL(wanted, this.baseUrl) : absolute(wanted);
    if (destination?.origin === this.baseUrl)
      return `${destination.pathname}${destination.search}${destination.hash}`;
    if (destination && this.allowed.has(destination.origin)) return destination.href;
    throw new LatchkeyError('auth.return_to_invalid', 'The address to return to is not one of ours.');
  }
}

/** Whether the text can be nothing but a path (with a query) of the page's own origin. */
export const isPath = (text: string): boolean =>
  text.length <= 2000 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text);

function absolute(text: string): URL | undefined {
  if (text.length > 2000 || !/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/.test(text) || !URL.canParse(text))
    return undefined;
  const url = new URL(text);
  return url.username === '' && url.password === '' ? url : undefined;
}
