import { Injectable } from '@nestjs/common';
import { LatchkeyError } from './errors.js';

const TIME_LIMIT_SECONDS = 5;
const SIZE_LIMIT_BYTES = 1024 * 1024;

/**
 * The only way out of the backend. An answer arrives complete within 5 seconds and 1 MiB, or the promise rejects
 * with `connector.provider_timeout`, `connector.provider_unavailable` or `connector.invalid_response`.
 * A redirect is an answer like any other and is never followed; nothing is retried.
 */
@Injectable()
export class HttpClient {
  /** Has the signature of `fetch`, so that protocol libraries can be given it. */
  readonly fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const signal = AbortSignal.timeout(TIME_LIMIT_SECONDS * 1000);
    try {
      const response = await fetch(url, { ...init, redirect: 'manual', signal });
      const body = await readBody(response);
      const { status, statusText, headers } = response;
      return new Response(body, { status, statusText, headers });
    } catch (cause) {
      if (cause instanceof LatchkeyError) throw cause;
      if (signal.aborted) {
        throw new LatchkeyError('connector.provider_timeout', 'The provider did not answer in time.', {
          cause,
        });
      }
      throw new LatchkeyError('connector.provider_unavailable', 'The provider cannot be reached.', { cause });
    }
  };
}

async function readBody(response: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (response.body === null) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > SIZE_LIMIT_BYTES) {
      throw new LatchkeyError(
        'connector.invalid_response',
        `The provider's answer exceeds ${SIZE_LIMIT_BYTES} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  // A Response of these statuses may not be built with a body.
  return [204, 205, 304].includes(response.status) ? null : new Uint8Array(Buffer.concat(chunks));
}
