import { Injectable, type ExecutionContext } from '@nestjs/common';
import { notSignedIn } from '../../common/current-user.js';
import type { LatchkeyError } from '../../common/errors.js';
import { establish } from '../../common/established.js';
import { headersOf, requestOf } from '../../common/request-of.js';
import { SessionGuard, type RequestWithSession } from '../session/session.guard.js';
import { AccessGuard, type Identified } from './access.guard.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { isBearer } from './bearer.js';

/**
 * Lets a request in by its session or by its access token. Where a bearer token came, it alone is judged: a bad one is
 * refused, whatever cookie is beside it. Credentials of another kind are for somebody else, such as a proxy before us.
 */
@Injectable()
export class SessionOrAccessTokenGuard extends AccessGuard {
  constructor(
    private readonly byToken: AccessTokenGuard,
    private readonly bySession: SessionGuard,
  ) {
    super();
  }

  override identify(context: ExecutionContext): Identified | Promise<Identified> {
    if (!isBearer(headersOf(requestOf(context)))) return this.bySession.identify(context);
    const facts: Pick<RequestWithSession, 'user' | 'latchkeySession'> = { latchkeySession: undefined };
    establish(context, facts);
    return this.byToken.identify(context);
  }

  override unknown(): LatchkeyError {
    return notSignedIn('Bearer');
  }
}
