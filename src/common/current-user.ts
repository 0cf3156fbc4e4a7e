import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { LatchkeyError } from './errors.js';
import { requestOf } from './request-of.js';

/** Who makes the request, as the guard that let it in has established. */
export interface CurrentUser {
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
  readonly emailVerified: boolean;
  readonly avatar?: string;
}

export interface RequestWithUser {
  user?: CurrentUser;
  /** Present where an access token has let the request in. */
  accessToken?: object;
}

/**
 * The signed-in user of a guarded route. Where no guard has let anyone in, the request ends with 401; where a program
 * was let in, behind whose access token is no person, with 403.
 */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext): CurrentUser => {
  const { user, accessToken } = requestOf<RequestWithUser>(context);
  if (user) return user;
  if (accessToken) throw new LatchkeyError('auth.forbidden', 'This is for people, not for programs.');
  throw new LatchkeyError('auth.unauthorized', 'Sign in first.');
});

/** The user of a route under {@link OptionalAuth}: `undefined` where nobody is signed in. */
export const OptionalUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): CurrentUser | undefined =>
    requestOf<RequestWithUser>(context).user,
);

export type Access = 'public' | 'optional';

export const ACCESS = 'latchkey:access';

/** Opens a route, or all routes of a controller, to everyone; no session is read. */
export const Public = () => SetMetadata(ACCESS, 'public' satisfies Access);

/** Opens a route to everyone, and tells it who is signed in if anybody is. */
export const OptionalAuth = () => SetMetadata(ACCESS, 'optional' satisfies Access);
