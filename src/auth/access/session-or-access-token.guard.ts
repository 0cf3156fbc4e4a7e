import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { LatchkeyError } from '../../common/errors.js';
import { headersOf, requestOf } from '../../common/request-of.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { isBearer } from './bearer.js';

/**
 * Lets a request in by its session or by its access token. Where a bearer token came, it alone is judged: a bad one is
 * refused, whatever cookie is beside it. Credentials of another kind are for somebody else, such as a proxy before us.
 */
@Injectable()
export class SessionOrAccessTokenGuard implements CanActivate {
  constructor(
    private readonly byToken: AccessTokenGuard,
    private readonly bySession: SessionGuard,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = requestOf<RequestWithSession>(context);
    if (!isBearer(headersOf(request))) return this.byCookie(context);
    request.latchkeySession = undefined;
    return this.byToken.canActivate(context);
  }

  private byCookie(context: ExecutionContext): boolean | Promise<boolean> {
    try {
      const admitted = this.bySession.canActivate(context);
      return typeof admitted === 'boolean' ? admitted : admitted.catch(offerBearer);
    } catch (error) {
      return offerBearer(error);
    }
  }
}

/** Says that a token would do as well (RFC 6750 3). */
function offerBearer(error: unknown): never {
  if (!(error instanceof LatchkeyError) || error.code !== 'auth.unauthorized') throw error;
  throw new LatchkeyError(error.code, error.message, { challenge: 'Bearer' });
}
