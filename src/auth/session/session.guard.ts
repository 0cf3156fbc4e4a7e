import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ACCESS, type Access, type RequestWithUser } from '../../common/current-user.js';
import { LatchkeyError } from '../../common/errors.js';
import type { HttpRequest } from './cookies.js';
import { Sessions, type CurrentSession } from './sessions.js';

/** A request that has passed the session guard. */
export interface RequestWithSession extends HttpRequest, RequestWithUser {
  latchkeySession?: CurrentSession;
}

/**
 * Lets a request in whose session is in force, and puts its user on it. Everyone else gets 401. A cookie that is good
 * for nothing is left alone: the request may have been sent just before a new one arrived, which this would take away.
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: Sessions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<RequestWithSession>();
    const session = await this.identify(request);
    if (session) return true;
    if (access === 'optional') return true;
    throw new LatchkeyError('auth.unauthorized', 'Sign in first.');
  }

  /** Once per request, however many guards ask. */
  private async identify(request: RequestWithSession): Promise<CurrentSession | undefined> {
    if (!('latchkeySession' in request)) {
      request.latchkeySession = await this.sessions.find(request);
      request.user = request.latchkeySession?.user;
    }
    return request.latchkeySession;
  }
}
