import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { systemTicks } from '../common/clock.js';
import { LatchkeyError } from '../common/errors.js';
import type { Outgoing } from '../common/http-client.js';

const RENEW_AFTER_MILLISECONDS = 10 * 60 * 1000;
const PAUSE_MILLISECONDS = 5000;

const keySet = z.looseObject({ keys: z.array(z.unknown()) });

/**
 * An issuer's public keys (RFC 7517), for tokens that anybody may hand us. A token that names an unknown key makes us
 * look again, so keys may change at any time, but at most once in five seconds, so nobody can make us ask and ask.
 * Keys are read anew every ten minutes; while the issuer is away, those of the last time are good.
 */
export class KeySet {
  private readonly remote: ReturnType<typeof createRemoteJWKSet>;
  private text = '';
  private readAt = Infinity;
  private failure?: { readonly error: unknown; readonly until: number };

  constructor(
    url: URL,
    private readonly http: Outgoing,
  ) {
    this.remote = createRemoteJWKSet(url, {
      cooldownDuration: PAUSE_MILLISECONDS,
      cacheMaxAge: Infinity,
      [customFetch]: (address, init) => this.ask(address, init),
    });
  }

  /** Another one whenever the keys have changed: what was verified under the former may no longer be taken for true. */
  get edition(): string {
    if (systemTicks() - this.readAt > RENEW_AFTER_MILLISECONDS) this.remote.reload().catch(() => undefined);
    return this.text;
  }

  /** Rejects with `connector.*` where the keys cannot be had. */
  readonly find: JWTVerifyGetKey = (header, token) => this.remote(header, token);

  private async ask(url: string, init: RequestInit): Promise<Response> {
    if (this.failure && this.failure.until > systemTicks()) throw this.failure.error;
    try {
      return await this.read(url, init);
    } catch (error) {
      this.failure = { error, until: systemTicks() + PAUSE_MILLISECONDS };
      throw error;
    }
  }

  private async read(url: string, init: RequestInit): Promise<Response> {
    const response = await this.http.fetch(url, init);
    const text = await response.text();
    if (response.status !== 200 || !isKeySet(text)) {
      throw new LatchkeyError('connector.provider_unavailable', "The provider's keys cannot be read.");
    }
    [this.text, this.readAt] = [text, systemTicks()];
    return new Response(text);
  }
}

function isKeySet(text: string): boolean {
  try {
    return keySet.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
