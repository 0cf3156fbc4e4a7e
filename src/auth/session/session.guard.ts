import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import type { RequestWithUser } from '../../common/current-user.js';
import { LatchkeyError } from '../../common/errors.js';
import type { HttpRequest } from '../../common/http-request.js';
import { isConnection, requestOf } from '../../common/request-of.js';
import { AccessGuard, type Judged } from '../access/access.guard.js';
import { authorityOfSession, type Authority } from '../access/authority.js';
import { AUTH_OPTIONS, audiencesOf, type AuthModuleOptions } from '../auth.options.js';
import { LogtoClients } from '../logto/logto-clients.js';
import { Sessions, type CurrentSession } from './sessions.js';

/** A request that has passed the session guard. */
export interface RequestWithSession extends HttpRequest, RequestWithUser {
  latchkeySession?: CurrentSession;
}

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

  protected override identify(context: ExecutionContext): Judged {
    const request = requestOf<RequestWithSession>(context);
    if ('latchkeySession' in request && !isConnection(context)) return this.authorityOf(request);
    const known = this.sessions.recall(request);
    if (known) return this.admit(request, known);
    return this.sessions.find(request).then((session) => this.admit(request, session));
  }

  private admit(request: RequestWithSession, session: CurrentSession | undefined): Authority | undefined {
    request.latchkeySession = session;
    request.user = session?.user;
    return this.authorityOf(request);
  }

  private authorityOf(request: RequestWithSession): Authority | undefined {
    if (!request.latchkeySession) return undefined;
    return authorityOfSession(this.clients.of(request), this.audience);
  }

  protected override unknown(): LatchkeyError {
    return new LatchkeyError('auth.unauthorized', 'Sign in first.');
  }
}
