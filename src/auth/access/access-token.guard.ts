import { Injectable, type ExecutionContext } from '@nestjs/common';
import type { CurrentUser } from '../../common/current-user.js';
import type { LatchkeyError } from '../../common/errors.js';
import { establish } from '../../common/established.js';
import { headersOf, requestOf } from '../../common/request-of.js';
import { AccessGuard, type Identified } from './access.guard.js';
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

  override identify(context: ExecutionContext): Identified | Promise<Identified> {
    const token = bearerOf(headersOf(requestOf(context)));
    if (token === undefined) return undefined;
    const known = this.tokens.recall(token);
    if (known) return this.note(context, known);
    return this.tokens.recognise(token).then((recognised) => this.note(context, recognised));
  }

  override unknown(): LatchkeyError {
    return missingToken();
  }

  /** A person whom we do not know yet becomes a user of ours when the token has been found to reach far enough. */
  private note(context: ExecutionContext, { accessToken, user }: Recognised): Authority {
    establish(context, { user, accessToken });
    if (user || accessToken.isMachine) return authorityOfToken(accessToken);
    return authorityOfToken(accessToken, async () =>
      establish(context, { user: await this.tokens.welcome(accessToken), accessToken }),
    );
  }
}
