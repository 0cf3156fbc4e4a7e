import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { notSignedIn } from '../../common/current-user.js';
import { LatchkeyError } from '../../common/errors.js';
import { AUTH_OPTIONS, AUTH_PATHS, type AuthModuleOptions, type AuthPaths } from '../auth.options.js';
import { LogtoSessions } from '../logto/logto-sessions.js';
import type { RequestWithSession } from '../session/session.guard.js';
import { Destinations } from '../sign-in/destinations.js';
import { queryOf } from '../sign-in/query.js';

const DEFAULT_SECONDS = 10 * 60;

/**
 * Lets a request in only a while after its session's sign-in: whoever finds a browser that has lain open for longer can
 * neither add a way into the account nor take one away. Runs after the session guard.
 *
 * Any sign-in will do, also one that the provider has answered without asking the person: whoever has the browser in
 * which they are signed in at the provider has that too. A proof that they have been asked is `max_age` or
 * `prompt=login` (OpenID Connect Core 3.1.2.1): of Logto `logto.maxAgeSeconds` demands it and verifies it.
 */
@Injectable()
export class RecentAuthenticationGuard implements CanActivate {
  private readonly seconds: number;

  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @Inject(AUTH_PATHS) private readonly paths: AuthPaths,
    private readonly logtoSessions: LogtoSessions,
    private readonly destinations: Destinations,
    private readonly clock: Clock,
  ) {
    this.seconds = options.session?.recentAuthenticationSeconds ?? DEFAULT_SECONDS;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<RequestWithSession>();
    const { latchkeySession: session } = request;
    if (!session) throw notSignedIn();
    if (this.clock.now() - session.createdAt <= this.seconds) return true;
    const query = new URLSearchParams({ return_to: this.destinations.wanted(queryOf(request)) });
    throw new LatchkeyError(
      'auth.recent_authentication_required',
      'Your sign-in lies too far back for this. Sign in again, then repeat what you did.',
      { data: { authorization_url: await this.signInUrl(session.id, query) } },
    );
  }

  /** Logto, where it is what the person signed in with and may be told to ask them anew; otherwise the choice they had. */
  private async signInUrl(sessionId: string, query: URLSearchParams): Promise<string> {
    const { baseUrl, logto, signInPage } = this.options;
    const atLogto = `/${this.paths.auth}/sign-in`;
    const mayPrompt = logto.signInParameters?.includes('prompt') === true;
    if (!mayPrompt || !(await this.logtoSessions.has(sessionId)))
      return `${baseUrl}${signInPage ?? atLogto}?${query.toString()}`;
    query.set('prompt', anew(logto.prompt));
    return `${baseUrl}${atLogto}?${query.toString()}`;
  }
}

/** With the consent that is asked for otherwise: without it Logto grants no refresh token. */
function anew(prompt = 'consent'): string {
  const others = prompt.split(' ').filter((word) => !['login', 'none', ''].includes(word));
  return ['login', ...others].join(' ');
}
