import { Inject, Injectable } from '@nestjs/common';
import { LatchkeyError } from '../../common/errors.js';
import { absolute, localPath, LONGEST } from './local-path.js';
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

  /** The address in the form in which a browser may be sent there. Rejects with `auth.return_to_invalid`. */
  check(wanted: string): string {
    const path = localPath(wanted, this.baseUrl);
    if (path !== undefined) return path;
    const url = absolute(wanted);
    if (url && this.allowed.has(url.origin) && url.href.length <= LONGEST) return url.href;
    throw new LatchkeyError('auth.return_to_invalid', 'The address to return to is not one of ours.');
  }
}
