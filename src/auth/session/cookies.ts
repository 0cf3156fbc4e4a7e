import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingHttpHeaders } from 'node:http';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';

/** The part of a request that Fastify and Express share. */
export interface HttpRequest {
  readonly headers: IncomingHttpHeaders;
  readonly url: string;
  readonly originalUrl?: string;
}

/**
 * Cookies that only the server reads and only a navigation from elsewhere carries along. Over https their names
 * have the prefix `__Host-`, so that no other host and no insecure page can plant them (RFC 6265bis 4.1.3.2).
 */
@Injectable()
export class Cookies {
  private readonly secure: boolean;

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(AUTH_OPTIONS) { baseUrl }: AuthModuleOptions,
  ) {
    this.secure = baseUrl.startsWith('https:');
  }

  /** The value of a cookie in the form of our random tokens; anything else counts as absent. */
  read(request: HttpRequest, name: string): string | undefined {
    const wanted = `${this.nameOf(name)}=`;
    const pair = (request.headers.cookie ?? '').split(/; */).find((part) => part.startsWith(wanted));
    const value = pair?.slice(wanted.length);
    return value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined;
  }

  write(response: unknown, name: string, value: string, maxAgeSeconds: number): void {
    this.host.httpAdapter.setCookie(response, this.nameOf(name), value, {
      ...this.attributes(),
      maxAge: maxAgeSeconds,
    });
  }

  clear(response: unknown, name: string): void {
    this.host.httpAdapter.clearCookie(response, this.nameOf(name), this.attributes());
  }

  private nameOf(name: string): string {
    return this.secure ? `__Host-${name}` : name;
  }

  private attributes() {
    return { path: '/', httpOnly: true, sameSite: 'lax', secure: this.secure } as const;
  }
}
