import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { LatchkeyError } from '../../common/errors.js';
import type { Authority } from './authority.js';
import { assertPermitted } from './permissions.js';
import { requirementsOf } from './requirements.js';

/**
 * What all guards of ours have in common: a route that is public is open, one that is optional lets strangers in, and
 * whoever is known has to have what the decorators demand. Whatever cannot be judged is refused.
 */
export abstract class AccessGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const requirements = requirementsOf(context);
    if (requirements.access === 'public') return true;
    const authority = await this.identify(context);
    if (authority) return this.judge(context, requirements, authority);
    if (requirements.access === 'optional' && !requirements.beyondIdentity) return true;
    throw this.unknown();
  }

  /** Puts who makes the request on it, and says what they may do. Nothing where no credentials came. */
  protected abstract identify(context: ExecutionContext): Promise<Authority | undefined>;

  /** The error for one who brought no credentials. */
  protected abstract unknown(): LatchkeyError;

  private async judge(
    context: ExecutionContext,
    requirements: ReturnType<typeof requirementsOf>,
    authority: Authority,
  ): Promise<boolean> {
    if (requirements.beyondIdentity || authority.organizationId !== undefined)
      await assertPermitted(context, requirements, authority);
    return true;
  }
}
