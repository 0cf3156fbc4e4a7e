import { Inject, Injectable, Optional, type OnApplicationShutdown } from '@nestjs/common';
import * as undici from 'undici';
import { isLatchkeyError, LatchkeyError } from './errors.js';
import {
  assertPublicUrl,
  isPublicAddress,
  lookupBy,
  systemResolve,
  type Resolve,
} from './private-addresses.js';

/** How far an answer is waited for. */
export interface AnswerLimits {
  readonly seconds: number;
  readonly bytes: number;
  /** Nobody reads the body: it is taken off the connection within the limits, and what befalls it is no failure. */
  readonly statusAlone?: boolean;
}

const LIMITS: AnswerLimits = { seconds: 5, bytes: 1024 * 1024 };

/** The signature of the platform's own. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** A way out. */
export interface Outgoing {
  readonly fetch: Fetch;
}

/** Injection token of a {@link Resolve}. Without one, names are resolved by the operating system. */
export const RESOLVE = Symbol('latchkey.resolve');

/**
 * The only way out of the backend. An answer arrives complete within 5 seconds and 1 MiB, or the promise rejects
 * with `connector.provider_timeout`, `connector.provider_unavailable` or `connector.invalid_response`.
 * A redirect is an answer like any other and is never followed; nothing is retried.
 */
@Injectable()
export class HttpClient implements Outgoing, OnApplicationShutdown {
  private readonly toPublic: undici.Agent;
  /** Apart from the other, so that no request goes over a connection that was opened for one with other rights. */
  private readonly toAny: undici.Agent;

  constructor(@Optional() @Inject(RESOLVE) resolve: Resolve = systemResolve) {
    this.toPublic = new undici.Agent({ connect: { lookup: lookupBy(resolve, isPublicAddress) } });
    this.toAny = new undici.Agent({ connect: { lookup: lookupBy(resolve, () => true) } });
  }

  /** Has the signature of `fetch`, so that protocol libraries can be given it. */
  readonly fetch: Fetch = (url, init = {}) =>
    complete((signal) => fetch(url, { ...init, redirect: 'manual', signal }));

  /**
   * The same for addresses that somebody has configured or a provider has named: rejects with
   * `connector.address_forbidden` before a byte is sent, unless they are on the public internet or among these hosts.
   */
  guarded(privateHosts: ReadonlySet<string>, limits = LIMITS): Fetch {
    return async (address, init = {}) => {
      const url = assertPublicUrl(address, privateHosts);
      const dispatcher = privateHosts.has(url.host) ? this.toAny : this.toPublic;
      return complete((signal) => {
        const headers = [...new Headers(init.headers)] as [string, string][];
        const request = { ...init, headers, redirect: 'manual', signal, dispatcher };
        return undici.fetch(url, request as undici.RequestInit);
      }, limits);
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.toPublic.close(), this.toAny.close()]);
  }
}

type Answer = Pick<undici.Response, 'status' | 'statusText'> & {
  readonly headers: Iterable<[string, string]>;
  readonly body: AsyncIterable<Uint8Array> | null;
};

async function complete(
  send: (signal: AbortSignal) => Promise<Response | undici.Response>,
  limits = LIMITS,
): Promise<Response> {
  const signal = AbortSignal.timeout(limits.seconds * 1000);
  try {
    const { status, statusText, headers, body } = (await send(signal)) as Answer;
    const content = limits.statusAlone ? await discard(body, limits) : await readBody(body, limits);
    // A Response of these statuses may not be built with a body.
    return new Response([204, 205, 304].includes(status) ? null : content, {
      status,
      statusText,
      headers: [...headers],
    });
  } catch (cause) {
    throw failure(cause, signal);
  }
}

function failure(cause: unknown, signal: AbortSignal): LatchkeyError {
  const ours = [cause, cause instanceof Error && cause.cause].find(isLatchkeyError);
  if (ours) return ours;
  return signal.aborted
    ? new LatchkeyError('connector.provider_timeout', 'The provider did not answer in time.', { cause })
    : new LatchkeyError('connector.provider_unavailable', 'The provider cannot be reached.', { cause });
}

async function readBody(
  body: Answer['body'],
  { bytes }: AnswerLimits,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > bytes)
      throw new LatchkeyError('connector.invalid_response', `The provider's answer exceeds ${bytes} bytes.`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** A connection whose answer has been read to its end can be used again; a longer one is closed. */
async function discard(body: Answer['body'], limits: AnswerLimits): Promise<null> {
  await readBody(body, limits).catch(() => undefined);
  return null;
}
