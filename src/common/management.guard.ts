import { Inject, Injectable, Optional, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { LatchkeyError } from './errors.js';

/**
 * Injection token of the guard that lets in whoever may manage the application's connectors and users. `AuthModule`
 * provides one that demands an access token with the scope `all`. An application without it provides its own, globally.
 */
export const MANAGEMENT_GUARD = Symbol('latchkey:management-guard');

/** Guards the management routes of Latchkey by whatever {@link MANAGEMENT_GUARD} is. Where there is none, nobody is let in. */
@Injectable()
export class ManagementGuard implements CanActivate {
  constructor(@Optional() @Inject(MANAGEMENT_GUARD) private readonly guard?: CanActivate) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> | Observable<boolean> {
    if (this.guard) return this.guard.canActivate(context);
    throw new LatchkeyError('auth.authorization_header_missing', 'An access token is required.', {
      challenge: 'Bearer',
    });
  }
}
