import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { LatchkeyError } from '../../common/errors.js';
import { forgetEstablished } from '../../common/established.js';
import type { Authority } from './authority.js';
import { assertPermitted } from './permissions.js';
import { requirementsOf, type Requirements } from './requirements.js';

/** What a caller may do; nothing where no credentials came. */
export type Identified = Authority | undefined;

/**
 * What all guards of ours have in common: a route that is public is open, one that is optional lets strangers in, and
 * whoever is known has to have what the decorators demand. Whatever cannot be judged is refused.
 */
export abstract class AccessGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const requirements = requirementsOf(context);
    forgetEstablished(context);
    if (requirements.access === 'public') return true;
    const identified = this.identify(context);
    return identified instanceof Promise
      ? identified.then((authority) => this.judge(context, requirements, authority))
      : this.judge(context, requirements, identified);
  }

  /**
   * Notes who makes the request, and says what they may do. At once where that is known already: a hot route spends as
   * much on waiting as on work.
   */
  abstract identify(context: ExecutionContext): Identified | Promise<Identified>;

  /** The error for one who brought no credentials. */
  abstract unknown(context: ExecutionContext): LatchkeyError;

  private judge(
    context: ExecutionContext,
    requirements: Requirements,
    authority: Identified,
  ): boolean | Promise<boolean> {
    if (!authority) {
      if (requirements.access === 'optional' && !requirements.beyondIdentity) return true;
      throw this.unknown(context);
    }
    const judged = requirements.beyondIdentity || authority.organizationId !== undefined;
    if (!judged && !authority.admitted) return true;
    return this.admit(context, requirements, authority);
  }

  private async admit(
    context: ExecutionContext,
    requirements: Requirements,
    authority: Authority,
  ): Promise<boolean> {
    await assertPermitted(context, requirements, authority);
    await authority.admitted?.();
    return true;
  }
}
