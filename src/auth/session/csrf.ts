import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { LatchkeyError } from '../../common/errors.js';
import { AUTH_OPTIONS, type AuthModuleOptions } from '../auth.options.js';
import type { RequestWithSession } from './session.guard.js';
import type { CurrentSession } from './sessions.js';

export const CSRF_FIELD = 'csrf_token';
const CSRF_HEADER = 'x-csrf-token';

/** Proofs that a form is ours: bound to the session, worth nothing once its id has changed. */
@Injectable()
export class CsrfTokens {
  private readonly secrets: readonly string[];

  constructor(@Inject(AUTH_OPTIONS) { sessionSecret }: AuthModuleOptions) {
    this.secrets = [sessionSecret].flat();
  }

  of(session: CurrentSession): string {
    return proofOf(session, this.secrets[0]);
  }

  /** Proofs under a former secret are good for as long as it is configured. */
  matches(session: CurrentSession, token: unknown): boolean {
    return (
      typeof token === 'string' && this.secrets.some((secret) => isSame(token, proofOf(session, secret)))
    );
  }
}

const proofOf = ({ tokenHash }: CurrentSession, secret: string): string =>
  createHmac('sha256', secret).update(`csrf:${tokenHash}`).digest('base64url');

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/**
 * Lets a request of a session in only with the proof, as form field `csrf_token` or header `x-csrf-token`.
 * Without a session there is nothing to protect. Runs after the session guard.
 */
@Injectable()
export class CsrfGuard implements CanActivate {
  constructor(private readonly tokens: CsrfTokens) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<RequestWithSession & { body?: Record<string, unknown> }>();
    if (!('latchkeySession' in request)) throw new Error('CsrfGuard needs SessionGuard to run before it');
    const session = request.latchkeySession;
    if (!session) return true;
    const token = request.headers[CSRF_HEADER] ?? request.body?.[CSRF_FIELD];
    if (this.tokens.matches(session, token)) return true;
    throw new LatchkeyError(
      'auth.forbidden',
      'This form is out of date (csrf_token is missing or old). Go back, reload the page and try again.',
    );
  }
}
