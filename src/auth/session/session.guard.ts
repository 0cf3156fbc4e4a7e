import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { notSignedIn, type RequestWithUser } from '../../common/current-user.js';
import { LatchkeyError } from '../../common/errors.js';
import { establish, establishedOf } from '../../common/established.js';
import type { HttpRequest } from '../../common/http-request.js';
import { headersOf, requestOf } from '../../common/request-of.js';
import { AccessGuard, type Identified } from '../access/access.guard.js';
import { authorityOfSession } from '../access/authority.js';
import { AUTH_OPTIONS, audiencesOf, type AuthModuleOptions } from '../auth.options.js';
import { LogtoClients } from '../logto/logto-clients.js';
import { Sessions, type CurrentSession } from './sessions.js';

/** A request that has passed the session guard. */
export interface RequestWithSession extends HttpRequest, RequestWithUser {
  latchkeySession?: CurrentSession;
}

type RequestFacts = Pick<RequestWithSession, 'user' | 'latchkeySession'>;

/**
 * Lets a request in whose session is in force, and puts its user on it; everyone else gets 401. Works on HTTP routes,
 * GraphQL resolvers and gateways, where it looks anew at each message. A cookie that is good for nothing is left
 * alone: the request may have been sent just before a new one arrived, which this would take away.
 */
@Injectable()
export class SessionGuard extends AccessGuard {
  private readonly audience?: string;

  constructor(
    private readonly sessions: Sessions,
    private readonly clients: LogtoClients,
    @Inject(AUTH_OPTIONS) { logto }: AuthModuleOptions,
  ) {
    super();
    [this.audience] = audiencesOf(logto);
  }

  override identify(context: ExecutionContext): Identified | Promise<Identified> {
    const request = requestOf<RequestWithSession>(context);
    if (context.getType() === 'http' && 'latchkeySession' in request)
      return this.authorityOf(context, request);
    const known = this.sessions.recall(request);
    if (known) return this.note(context, known);
    return this.sessions.find(request).then((session) => this.note(context, session));
  }

  override unknown(context: ExecutionContext): LatchkeyError {
    if (!establishedOf(context).accessToken) return notSignedIn();
    return new LatchkeyError('auth.forbidden', 'This needs a session, not an access token.');
  }

  private note(context: ExecutionContext, session: CurrentSession | undefined): Identified {
    const facts: RequestFacts = { latchkeySession: session, user: session?.user };
    if (session || context.getType() === 'http') establish(context, facts);
    return this.authorityOf(context, facts);
  }

  private authorityOf(context: ExecutionContext, { latchkeySession: session }: RequestFacts): Identified {
    if (!session) return undefined;
    const caller = { headers: headersOf(requestOf(context)), latchkeySession: session };
    return authorityOfSession(this.clients.of(caller), this.audience);
  }
}
