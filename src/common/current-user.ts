import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { LatchkeyError } from './errors.js';
import { establishedOf, type Established } from './established.js';

/** Who makes the request, as the guard that let it in has established. */
export interface CurrentUser {
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
  /**
   * Whether an account of theirs vouches for the address: one at Logto, or at a provider that is to be believed about it.
   * That of a provider that anybody can tell anything is not enough. No accounts are joined by it, and no data should be.
   */
  readonly emailVerified: boolean;
  readonly avatar?: string;
}

export type RequestWithUser = Pick<Established, 'user' | 'accessToken'>;

/** The error for one who is not known and has to be. */
export const notSignedIn = (challenge?: string): LatchkeyError =>
  new LatchkeyError('auth.unauthorized', 'Sign in first.', { challenge });

/**
 * The signed-in user of a guarded route. Where no guard has let anyone in, the request ends with 401; where a program
 * was let in, behind whose access token is no person, with 403.
 */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): CurrentUser =>
  currentUserOf(context),
);

/** The same for a decorator or interceptor of one's own. */
export function currentUserOf(context: ExecutionContext): CurrentUser {
  const { user, accessToken } = establishedOf(context);
  if (user) return user;
  if (accessToken) throw new LatchkeyError('auth.forbidden', 'This is for people, not for programs.');
  throw notSignedIn();
}

/** The user of a route under {@link OptionalAuth}: `undefined` where nobody is signed in. */
export const OptionalUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): CurrentUser | undefined => establishedOf(context).user,
);

export type Access = 'public' | 'optional';

export const ACCESS = 'latchkey:access';

/** Opens a route, or all routes of a controller, to everyone; no session is read. */
export const Public = () => SetMetadata(ACCESS, 'public' satisfies Access);

/** Opens a route to everyone, and tells it who is signed in if anybody is. */
export const OptionalAuth = () => SetMetadata(ACCESS, 'optional' satisfies Access);
