import { decodeJwt, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { systemTicks } from '../../../common/clock.js';
import { isLatchkeyError, LatchkeyError } from '../../../common/errors.js';
import type { Outgoing } from '../../../common/http-client.js';
import { SIGNING_ALGORITHMS } from '../../id-token.js';
import { KeySet } from '../../key-set.js';
import type { ProviderNotification } from '../../notifications/notification.js';
import { malformedNotification } from '../../notifications/refusals.js';
import { notificationsOf, securityEventToken } from './risc-events.js';

export interface RiscSettings {
  /** As in our identities. */
  readonly issuer: string;
  readonly clientId: string;
}

const PAUSE_MILLISECONDS = 5000;
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const configuration = z.object({ issuer: z.string().min(1), jwks_uri: z.url({ protocol: /^https?$/ }) });

interface Transmitter {
  readonly issuer: string;
  readonly keys: JWTVerifyGetKey;
}

/**
 * Google's Cross-Account Protection: security event tokens (RFC 8417), signed with Google's keys for our client.
 * https://developers.google.com/identity/protocols/risc
 */
export class RiscReceiver {
  private transmitter?: Promise<Transmitter>;
  private failure?: { readonly error: unknown; readonly until: number };

  constructor(
    private readonly settings: RiscSettings,
    private readonly http: Outgoing,
  ) {}

  /** Rejects with `notification.invalid`, or with `connector.*` where Google's keys cannot be had. */
  async read(body: Buffer): Promise<ProviderNotification[]> {
    const token = body.toString('latin1').trim();
    if (!FORM.test(token) || !isForUs(token, this.settings.clientId)) throw malformedNotification();
    const { success, data } = securityEventToken.safeParse(await this.verify(token));
    if (!success) throw malformedNotification();
    return notificationsOf(data, this.settings.issuer);
  }

  /** A security event does not expire: when it happened stays true. */
  private async verify(token: string): Promise<JWTPayload> {
    const { issuer, keys } = await this.found();
    try {
      const options = { issuer, audience: this.settings.clientId, algorithms: SIGNING_ALGORITHMS };
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      throw isLatchkeyError(error) ? error : malformedNotification(error);
    }
  }

  /** Anybody may make us look, so after a failure nobody does for a while. */
  private async found(): Promise<Transmitter> {
    if (this.failure && this.failure.until > systemTicks()) throw this.failure.error;
    this.transmitter ??= this.look().catch((error: unknown) => {
      this.transmitter = undefined;
      this.failure = { error, until: systemTicks() + PAUSE_MILLISECONDS };
      throw error;
    });
    return this.transmitter;
  }

  private async look(): Promise<Transmitter> {
    const { issuer } = this.settings;
    const answer = await this.http.fetch(`${issuer}/.well-known/risc-configuration`);
    const { success, data } = configuration.safeParse(await answer.json().catch(() => undefined));
    if (answer.status !== 200 || !success)
      throw new LatchkeyError(
        'connector.provider_unavailable',
        "The provider's configuration cannot be read.",
      );
    const url = new URL(data.jwks_uri);
    if (url.protocol === 'http:' && !issuer.startsWith('http:'))
      throw new LatchkeyError('connector.misconfigured', "The provider's keys are at no safe address.");
    return { issuer: data.issuer, keys: new KeySet(url, this.http).find };
  }
}

/** Before Google is asked for anything: not proven, and enough to turn away what was never meant for us. */
function isForUs(token: string, clientId: string): boolean {
  try {
    return [decodeJwt(token).aud].flat().includes(clientId);
  } catch {
    return false;
  }
}
