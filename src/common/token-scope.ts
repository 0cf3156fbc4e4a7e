import { UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { LatchkeyError } from './errors.js';
import { establishedOf } from './established.js';

/**
 * Demands that an access token, where a request came with one, names this scope. Stands behind the guard that knows who
 * makes the request; a session reaches as far as its user does.
 */
export const TokenScope = (scope: string) =>
  UseGuards({
    canActivate(context: ExecutionContext): boolean {
      const { accessToken } = establishedOf(context);
      if (!accessToken || accessToken.scope?.includes(scope)) return true;
      throw new LatchkeyError('auth.forbidden', 'The scope does not reach as far as this.', {
        challenge: `Bearer error="insufficient_scope", scope="${scope}"`,
      });
    },
  } satisfies CanActivate);
