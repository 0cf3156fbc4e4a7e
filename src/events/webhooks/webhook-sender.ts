import { Inject, Injectable, Optional } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import { HttpClient, type Fetch } from '../../common/http-client.js';
import { PRIVATE_HOSTS } from '../../common/private-addresses.js';
import type { Secret } from '../../common/secret.js';
import type { HookSecrets } from './hook-secrets.js';
import type { WebhookMessage } from './message.js';
import { HEADERS, signatureHeaders } from './signature.js';

/** An answer later than this is none. */
const LIMITS = { seconds: 10, bytes: 64 * 1024, statusAlone: true } as const;

/** An endpoint may ask for no longer pause. */
const LONGEST_PAUSE_SECONDS = 3600;

export interface Destination {
  readonly url: string;
  readonly secrets: Secret<HookSecrets>;
}

/** One attempt to deliver. Guarded as connectors are: nobody makes us ask machines that only we can reach. */
@Injectable()
export class WebhookSender {
  private readonly fetch: Fetch;

  constructor(
    http: HttpClient,
    private readonly clock: Clock,
    @Optional() @Inject(PRIVATE_HOSTS) privateHosts: readonly string[] = [],
  ) {
    this.fetch = http.guarded(new Set(privateHosts), LIMITS);
  }

  /**
   * Resolves with a status of 200 to 299. Rejects with `hook.endpoint_*`, whose `upstream.status` is any other one, or
   * with `connector.address_forbidden`. Redirects are not followed, bodies not read.
   */
  async send({ url, secrets }: Destination, message: WebhookMessage): Promise<number> {
    const body = JSON.stringify(message);
    const headers = this.headers(secrets.reveal(), body, message);
    const answer = await this.fetch(url, { method: 'POST', headers, body }).catch(failure);
    if (answer.ok) return answer.status;
    throw refusal(answer, this.clock.now());
  }

  /** Ours come last: nothing that is configured takes their place. */
  private headers(held: HookSecrets, body: string, { deliveryId }: WebhookMessage): Record<string, string> {
    const now = this.clock.now();
    const former = held.former && held.former.until > now ? held.former.signingKey : undefined;
    return {
      ...held.headers,
      'user-agent': 'Latchkey',
      'content-type': 'application/json',
      [HEADERS.deliveryId]: deliveryId,
      ...signatureHeaders(body, [held.signingKey, former], now),
    };
  }
}

function failure(cause: unknown): never {
  const code = isLatchkeyError(cause) ? cause.code : undefined;
  if (code === 'connector.address_forbidden') throw cause;
  throw code === 'connector.provider_timeout'
    ? new LatchkeyError('hook.endpoint_timeout', 'The endpoint did not answer in time.', { cause })
    : new LatchkeyError('hook.endpoint_unreachable', 'The endpoint cannot be reached.', { cause });
}

const refusal = ({ status, headers }: Response, now: number): LatchkeyError =>
  new LatchkeyError('hook.endpoint_responded_with_error', `The endpoint answered with status ${status}.`, {
    upstream: { status },
    retryAfterSeconds: retryAfter(headers.get('retry-after'), now),
  });

/** In seconds or as a date (RFC 9110 10.2.3); nothing where it is neither, or over. */
function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : Math.ceil(Date.parse(header) / 1000) - now;
  return seconds > 0 ? Math.min(seconds, LONGEST_PAUSE_SECONDS) : undefined;
}
