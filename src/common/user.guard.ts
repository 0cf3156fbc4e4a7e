import { Inject, Injectable, Optional, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { notSignedIn } from './current-user.js';

/**
 * Injection token of the guard that knows who makes a request: it puts a {@link CurrentUser} on it as `user`.
 * `AuthModule` provides one that takes sessions and access tokens. An application with a sign-in of its own provides its own, globally.
 */
export const USER_GUARD = Symbol('latchkey:user-guard');

/** Guards the routes of Latchkey by whatever {@link USER_GUARD} is. Where there is none, nobody is let in. */
@Injectable()
export class UserGuard implements CanActivate {
  constructor(@Optional() @Inject(USER_GUARD) private readonly guard?: CanActivate) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> | Observable<boolean> {
    if (!this.guard) throw notSignedIn();
    return this.guard.canActivate(context);
  }
}
