import { Injectable, type ExecutionContext } from '@nestjs/common';
import type { CurrentUser } from '../../common/current-user.js';
import type { LatchkeyError } from '../../common/errors.js';
import { headersOf, isConnection, requestOf } from '../../common/request-of.js';
import { AccessGuard, type Judged } from './access.guard.js';
import type { AccessToken } from './access-token.js';
import { AccessTokens, type Recognised } from './access-tokens.js';
import { authorityOfToken, type Authority } from './authority.js';
import { bearerOf, missingToken } from './bearer.js';

/** A request that has passed the access-token guard. */
export interface RequestWithAccessToken {
  /** Absent where a program acts in its own name. */
  user?: CurrentUser;
  accessToken?: AccessToken;
}

/**
 * Lets a request in whose bearer token is an access token of our Logto, made for `logto.audience` (or for an
 * organisation, on routes under `@Organization()`). A missing or bad one gets 401 with `WWW-Authenticate`, one that
 * does not reach far enough 403 (RFC 6750). Works on HTTP routes, GraphQL resolvers and gateways.
 */
@Injectable()
export class AccessTokenGuard extends AccessGuard {
  constructor(private readonly tokens: AccessTokens) {
    super();
  }

  protected override identify(context: ExecutionContext): Judged {
    const request = requestOf<RequestWithAccessToken>(context);
    if (request.accessToken && !isConnection(context)) return authorityOfToken(request.accessToken);
    const token = bearerOf(headersOf(request));
    if (token === undefined) return undefined;
    const known = this.tokens.recall(token);
    if (known) return admit(request, known);
    return this.tokens.recognise(token).then((recognised) => admit(request, recognised));
  }

  protected override unknown(): LatchkeyError {
    return missingToken();
  }
}

function admit(request: RequestWithAccessToken, { accessToken, user }: Recognised): Authority {
  request.user = user;
  request.accessToken = accessToken;
  return authorityOfToken(accessToken);
}
