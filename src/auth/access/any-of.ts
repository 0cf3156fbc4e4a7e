import { Injectable, mixin, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { lastValueFrom, isObservable } from 'rxjs';
import { isLatchkeyError, type ErrorCode } from '../../common/errors.js';
import { establishedOf, forgetEstablished } from '../../common/established.js';
import { AccessGuard } from './access.guard.js';
import { insufficient } from './bearer.js';
import { requirementsOf } from './requirements.js';

/** Errors that say "I do not know you", after which another guard may be asked. Others say "you may not". */
const UNKNOWN = new Set<ErrorCode>([
  'auth.unauthorized',
  'auth.authorization_header_missing',
  'auth.authorization_token_type_not_supported',
]);

/** Guards that hold what a caller may do against what the decorators demand. */
const judging = new WeakSet<CanActivate>();

/**
 * A guard that lets in whom one of the given guards lets in, asked in this order: ours, and those of an application's
 * own Passport strategies, such as `anyOf(SessionGuard, AuthGuard('api-key'))`. A strategy of one's own puts a
 * {@link CurrentUser} on the request; since it knows no scopes, roles and organisations, it opens no route that
 * demands them.
 */
export function anyOf(...guards: readonly Type<CanActivate>[]): Type<CanActivate> {
  @Injectable()
  class AnyOf implements CanActivate {
    private created?: Promise<CanActivate[]>;

    constructor(private readonly modules: ModuleRef) {
      judging.add(this);
    }

    async canActivate(context: ExecutionContext): Promise<boolean> {
      this.created ??= Promise.all(guards.map((guard) => this.modules.create(guard)));
      return ask(await this.created, context);
    }
  }
  return mixin(AnyOf);
}

async function ask(guards: readonly CanActivate[], context: ExecutionContext): Promise<boolean> {
  const { access, beyondIdentity } = requirementsOf(context);
  let refusal: Error | undefined;
  let admitted = false;
  forgetEstablished(context);
  for (const guard of guards) {
    try {
      if (!(await admits(guard, context))) continue;
      admitted = true;
      const judged = access === 'public' || !beyondIdentity || isJudging(guard);
      if (judged && isKnown(context)) return true;
    } catch (error) {
      if (!saysUnknown(error)) throw error;
      refusal ??= error as Error;
    }
  }
  if (admitted && (access === 'public' || !beyondIdentity)) return true;
  if (admitted) throw insufficient('This way of signing in does not reach as far as this.');
  if (refusal) throw refusal;
  return false;
}

async function admits(guard: CanActivate, context: ExecutionContext): Promise<boolean> {
  const answer = guard.canActivate(context);
  return isObservable(answer) ? lastValueFrom(answer) : answer;
}

/** A guard that lets strangers in, on a route that is open, has not recognised anybody yet. */
function isKnown(context: ExecutionContext): boolean {
  const { user, accessToken } = establishedOf(context);
  return Boolean(user ?? accessToken) || requirementsOf(context).access === 'public';
}

const isJudging = (guard: CanActivate): boolean => guard instanceof AccessGuard || judging.has(guard);

function saysUnknown(error: unknown): boolean {
  if (isLatchkeyError(error)) return UNKNOWN.has(error.code);
  return (error as { getStatus?: () => number }).getStatus?.() === 401;
}
