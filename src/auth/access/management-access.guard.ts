import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { establish } from '../../common/established.js';
import { headersOf, requestOf } from '../../common/request-of.js';
import { AccessTokens } from './access-tokens.js';
import { bearerOf, insufficient, missingToken } from './bearer.js';

/** Logto's only permission of its Management API. */
const EVERYTHING = 'all';

/**
 * Lets in an access token for our own API that carries Logto's scope `all`: that of an administrator or of a program.
 * A session is not looked at, so a page of another site has nothing to ride on.
 */
@Injectable()
export class ManagementAccessGuard implements CanActivate {
  constructor(private readonly tokens: AccessTokens) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const token = bearerOf(headersOf(requestOf(context)));
    if (token === undefined) throw missingToken();
    const { accessToken, user } = await this.tokens.recognise(token);
    if (accessToken.kind !== 'api' || !accessToken.scope.includes(EVERYTHING))
      throw insufficient('The scope does not reach as far as this.', [EVERYTHING]);
    establish(context, { accessToken, user });
    return true;
  }
}
