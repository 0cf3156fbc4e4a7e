import { Injectable } from '@nestjs/common';
import { digest, randomToken } from '../../common/random.js';
import type { HttpRequest } from '../../common/http-request.js';
import { BROWSER_COOKIE, Cookies } from '../session/cookies.js';

const LIFETIME_SECONDS = 60 * 60;

/**
 * Marks the browser that starts a sign-in, so that only the same one can finish it: a callback address sent to
 * somebody else's browser is refused there (login CSRF). One mark for all tabs; it is no session.
 */
@Injectable()
export class BrowserBinding {
  constructor(private readonly cookies: Cookies) {}

  /** Digest of the browser's mark, which is set or prolonged. */
  mark(request: HttpRequest, response: unknown): string {
    const value = this.cookies.read(request.headers, BROWSER_COOKIE) ?? randomToken();
    this.cookies.write(response, BROWSER_COOKIE, value, LIFETIME_SECONDS);
    return digest(value);
  }

  /** Digest of the browser's mark, if it has one. */
  read(request: HttpRequest): string | undefined {
    const value = this.cookies.read(request.headers, BROWSER_COOKIE);
    return value === undefined ? undefined : digest(value);
  }
}
