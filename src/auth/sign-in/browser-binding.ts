import { Injectable } from '@nestjs/common';
import { digest, randomToken } from '../../common/random.js';
import { Cookies, type HttpRequest } from '../session/cookies.js';

const COOKIE = 'latchkey-browser';
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
    const value = this.cookies.read(request, COOKIE) ?? randomToken();
    this.cookies.write(response, COOKIE, value, LIFETIME_SECONDS);
    return digest(value);
  }

  /** Digest of the browser's mark, if it has one. */
  read(request: HttpRequest): string | undefined {
    const value = this.cookies.read(request, COOKIE);
    return value === undefined ? undefined : digest(value);
  }
}
