import { createHmac } from 'node:crypto';
import { requirePersona } from '../personas.js';
import type { FacebookDialect } from './facebook.dialect.js';
import { userIdFor } from './user-id.js';

export interface SignedRequestOptions {
  readonly personaId: string;
  /** In the place of what is told of the persona. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** In the place of the app's secret. */
  readonly secret?: string;
}

/** What Facebook posts: https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback */
export function signedRequest(facebook: FacebookDialect, options: SignedRequestOptions): string {
  const [{ clientId, clientSecret }] = facebook.clients as [FacebookDialect['clients'][number]];
  const payload = {
    user_id: userIdFor(facebook, clientId, requirePersona(options.personaId)),
    algorithm: 'HMAC-SHA256',
    issued_at: facebook.ledger.clock.now(),
    ...options.payload,
  };
  const encoded = Buffer.from(JSON.stringify(payload)).toString('base64url');
  const secret = options.secret ?? clientSecret;
  return `${createHmac('sha256', secret).update(encoded).digest('base64url')}.${encoded}`;
}
