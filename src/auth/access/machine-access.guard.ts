import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { establish } from '../../common/established.js';
import { headersOf, requestOf } from '../../common/request-of.js';
import { AccessTokens } from './access-tokens.js';
import { bearerOf, insufficient, missingToken } from './bearer.js';

/** Apart from `all`: whoever may manage everything here reads no user's token by that. */
const TOKENS_READ = 'tokens:read';

/** Lets in a program with an access token in its own name, for our own API, that carries the scope `tokens:read`. */
@Injectable()
export class MachineAccessGuard implements CanActivate {
  constructor(private readonly tokens: AccessTokens) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const token = bearerOf(headersOf(requestOf(context)));
    if (token === undefined) throw missingToken();
    const accessToken = await this.tokens.verify(token);
    if (!accessToken.isMachine) throw insufficient('This is for programs that act in their own name.');
    if (accessToken.kind !== 'api' || !accessToken.scope.includes(TOKENS_READ))
      throw insufficient('The scope does not reach as far as this.', [TOKENS_READ]);
    establish(context, { accessToken, user: undefined });
    return true;
  }
}
