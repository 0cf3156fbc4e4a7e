import { createHmac, randomUUID } from 'node:crypto';
import { requirePersona } from '../personas.js';

export interface DeliveryOptions {
  readonly personaId: string;
  readonly secret: string;
  /** Default: `github_app_authorization`. */
  readonly event?: string;
  /** In the place of the payload of the event. */
  readonly payload?: object;
}

export interface Delivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A webhook delivery: https://docs.github.com/webhooks/webhook-events-and-payloads#github_app_authorization */
export function delivery({ personaId, secret, event = EVENT, payload }: DeliveryOptions): Delivery {
  const { githubId: id, githubLogin: login } = requirePersona(personaId);
  const body = JSON.stringify(payload ?? { action: 'revoked', sender: { login, id, type: 'User' } });
  const signed = (algorithm: string): string => createHmac(algorithm, secret).update(body).digest('hex');
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/sandbox',
      'x-github-delivery': randomUUID(),
      'x-github-event': event,
      'x-hub-signature': `sha1=${signed('sha1')}`,
      'x-hub-signature-256': `sha256=${signed('sha256')}`,
    },
    body,
  };
}

const EVENT = 'github_app_authorization';
