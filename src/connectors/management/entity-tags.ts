import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { VersionTest } from '../instances/compare-and-set.js';

/** Versions as entity tags (RFC 9110 8.8.3), so that whoever edits a whole object notices that somebody else has. */
@Injectable()
export class EntityTags {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  set(response: unknown, { version }: { readonly version: number }): void {
    this.host.httpAdapter.setHeader(response, 'ETag', tagOf(version));
  }
}

/** Of an `If-Match` header (RFC 9110 13.1.1): weak tags match nothing. */
export function versionTest(ifMatch: string | undefined): VersionTest | undefined {
  if (ifMatch === undefined) return undefined;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  return (version) => tags.includes('*') || tags.includes(tagOf(version));
}

const tagOf = (version: number): string => `"${version}"`;
