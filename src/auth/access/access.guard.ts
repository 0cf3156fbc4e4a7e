import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { LatchkeyError } from '../../common/errors.js';
import type { Authority } from './authority.js';
import { assertPermitted } from './permissions.js';
import { requirementsOf, type Requirements } from './requirements.js';

/**
 * What all guards of ours have in common: a route that is public is open, one that is optional lets strangers in, and
 * whoever is known has to have what the decorators demand. Whatever cannot be judged is refused.
 */
export abstract class AccessGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const requirements = requirementsOf(context);
    if (requirements.access === 'public') return true;
    const authority = this.identify(context);
    return authority instanceof Promise
      ? authority.then((known) => this.judge(context, requirements, known))
      : this.judge(context, requirements, authority);
  }

  /**
   * Puts who makes the request on it, and says what they may do; nothing where no credentials came. At once where that
   * is known already: a hot route spends as much on waiting as on work.
   */
  protected abstract identify(context: ExecutionContext): Judged;

  /** The error for one who brought no credentials. */
  protected abstract unknown(): LatchkeyError;

  private judge(
    context: ExecutionContext,
    requirements: Requirements,
    authority: Authority | undefined,
  ): boolean | Promise<boolean> {
    if (!authority) {
      if (requirements.access === 'optional' && !requirements.beyondIdentity) return true;
      throw this.unknown();
    }
    if (!requirements.beyondIdentity && authority.organizationId === undefined) return true;
    return assertPermitted(context, requirements, authority).then(() => true);
  }
}

export type Judged = Authority | undefined | Promise<Authority | undefined>;
