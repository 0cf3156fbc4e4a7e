import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingHttpHeaders } from 'node:http';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';

/** What a cookie is for, as the end of its name. */
export const SESSION_COOKIE = '';
export const BROWSER_COOKIE = '-browser';
export const SIGNED_OUT_COOKIE = '-signed-out';

/**
 * Cookies that only the server reads and only a navigation from elsewhere carries along. Over https their names
 * have the prefix `__Host-`, so that no other host and no insecure page can plant them (RFC 6265bis 4.1.3.2).
 */
@Injectable()
export class Cookies {
  private readonly secure: boolean;
  private readonly prefix: string;
  private readonly sameSite: 'lax' | 'strict';

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(AUTH_OPTIONS)
    { baseUrl, cookies: { name = 'latchkey', sameSite = 'lax' } = {} }: AuthModuleOptions,
  ) {
    this.secure = baseUrl.startsWith('https:');
    this.prefix = this.secure ? `__Host-${name}` : name;
    this.sameSite = sameSite;
  }

  /** The value of a cookie in the form of our random tokens; anything else counts as absent. */
  read({ cookie = '' }: IncomingHttpHeaders, purpose: string): string | undefined {
    const wanted = `${this.prefix}${purpose}=`;
    const pair = cookie.split(/; */).find((part) => part.startsWith(wanted));
    const value = pair?.slice(wanted.length);
    return value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined;
  }

  write(response: unknown, purpose: string, value: string, maxAgeSeconds: number): void {
    const attributes = { ...this.attributes(purpose), maxAge: maxAgeSeconds };
    this.host.httpAdapter.setCookie(response, `${this.prefix}${purpose}`, value, attributes);
  }

  clear(response: unknown, purpose: string): void {
    this.host.httpAdapter.clearCookie(response, `${this.prefix}${purpose}`, this.attributes(purpose));
  }

  /** The mark of a browser has to come back with the redirect from Logto, so it is never `strict`. */
  private attributes(purpose: string) {
    const sameSite = purpose === SESSION_COOKIE ? this.sameSite : 'lax';
    return { path: '/', httpOnly: true, sameSite, secure: this.secure } as const;
  }
}
