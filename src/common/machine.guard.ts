import {
  createParamDecorator,
  Inject,
  Injectable,
  Optional,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { LatchkeyError } from './errors.js';
import { establishedOf } from './established.js';

/**
 * Injection token of the guard that lets in programs which may read users' provider tokens in their own name: it puts
 * an object with the program's `clientId` on the request as `accessToken`. `AuthModule` provides one that demands a
 * machine-to-machine access token with the scope `tokens:read`. An application without it provides its own, globally.
 */
export const MACHINE_GUARD = Symbol('latchkey:machine-guard');

/** Guards Latchkey's routes for programs by whatever {@link MACHINE_GUARD} is. Where there is none, nobody is let in. */
@Injectable()
export class MachineGuard implements CanActivate {
  constructor(@Optional() @Inject(MACHINE_GUARD) private readonly guard?: CanActivate) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> | Observable<boolean> {
    if (this.guard) return this.guard.canActivate(context);
    throw new LatchkeyError('auth.authorization_header_missing', 'An access token is required.', {
      challenge: 'Bearer',
    });
  }
}

/** The OAuth client id of the program that makes the request. Where the guard has named none, it ends with 403. */
export const CurrentClient = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { clientId } = establishedOf(context).accessToken ?? {};
  if (clientId !== undefined) return clientId;
  throw new LatchkeyError('auth.forbidden', 'This is for programs that are known by their client id.');
});
