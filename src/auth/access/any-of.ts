import { Injectable, mixin, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { lastValueFrom, isObservable } from 'rxjs';
import { isLatchkeyError, type ErrorCode } from '../../common/errors.js';
import { requestOf } from '../../common/request-of.js';
import { AccessGuard } from './access.guard.js';
import { insufficient } from './bearer.js';
import { requirementsOf } from './requirements.js';

/** Errors that say "I do not know you", after which another guard may be asked. Others say "you may not". */
const UNKNOWN = new Set<ErrorCode>(['auth.unauthorized', 'auth.authorization_header_missing']);

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

    constructor(private readonly modules: ModuleRef) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
      this.created ??= Promise.all(guards.map((guard) => this.modules.create(guard)));
      let refusal: Error | undefined;
      let admitted = false;
      for (const guard of await this.created) {
        try {
          admitted = (await admits(guard, context)) || admitted;
        } catch (error) {
          if (!saysUnknown(error)) throw error;
          refusal ??= error as Error;
        }
        if (admitted && isIdentified(context)) return assertJudged(guard, context);
      }
      if (!admitted && refusal !== undefined) throw refusal;
      return admitted;
    }
  }
  return mixin(AnyOf);
}

async function admits(guard: CanActivate, context: ExecutionContext): Promise<boolean> {
  const answer = guard.canActivate(context);
  return isObservable(answer) ? lastValueFrom(answer) : answer;
}

/** A guard that lets strangers in, on a route that is open, has not recognised anybody yet. */
function isIdentified(context: ExecutionContext): boolean {
  const { user, accessToken } = requestOf<{ user?: unknown; accessToken?: unknown }>(context);
  return Boolean(user ?? accessToken) || requirementsOf(context).access === 'public';
}

function assertJudged(guard: CanActivate, context: ExecutionContext): true {
  if (guard instanceof AccessGuard || !requirementsOf(context).beyondIdentity) return true;
  throw insufficient('This way of signing in does not reach as far as this.');
}

function saysUnknown(error: unknown): boolean {
  if (isLatchkeyError(error)) return UNKNOWN.has(error.code);
  return (error as { getStatus?: () => number }).getStatus?.() === 401;
}
