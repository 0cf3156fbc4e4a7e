import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-openidconnect';
import type { AuthorizationTransaction } from './authorization-transaction.entity.js';
import { AuthorizationTransactions } from './authorization-transactions.js';
import { BrowserBinding } from './browser-binding.js';
import type { HttpRequest } from '../../common/http-request.js';
import { Logto, LOGTO, type LogtoSignIn } from '../logto/logto.js';
import { queryOf } from './query.js';

/** What the strategy needs to know of the route that it runs on. */
export type LogtoAuthenticateOptions =
  | { readonly step: 'start'; readonly browser: string; readonly returnTo: string }
  | { readonly step: 'callback' };

/** Who came back from Logto, and from which sign-in. */
export interface LogtoUser extends LogtoSignIn {
  readonly transaction: AuthorizationTransaction;
}

/**
 * Logto as a Passport strategy, registered as `logto`. The base class alone verifies no signature, sends no PKCE
 * and no nonce, and dies on bad answers, so the whole of `authenticate` is ours, on openid-client.
 * A field may not be `#private`: passport works on an object that inherits from the strategy.
 */
@Injectable()
export class LogtoStrategy extends PassportStrategy(Strategy, LOGTO) {
  constructor(
    private readonly logto: Logto,
    private readonly transactions: AuthorizationTransactions,
    private readonly browsers: BrowserBinding,
  ) {
    const unused = { authorizationURL: 'unused:', tokenURL: 'unused:', userInfoURL: 'unused:' };
    super({
      ...unused,
      issuer: 'unused:',
      clientID: 'unused',
      clientSecret: 'unused',
      callbackURL: logto.redirectUri,
    });
  }

  override authenticate(request: object, options: object): void {
    const given = options as LogtoAuthenticateOptions;
    const { step } = given;
    const run =
      step === 'start' ? this.start(request as HttpRequest, given) : this.finish(request as HttpRequest);
    run.catch((error: Error) => this.error(error));
  }

  /** Override to judge or enrich who came back; throw to refuse. */
  validate(user: LogtoUser): LogtoUser | Promise<LogtoUser> {
    return user;
  }

  private async start(
    request: HttpRequest,
    { browser, returnTo }: { browser: string; returnTo: string },
  ): Promise<void> {
    const query = queryOf(request);
    const { redirectUri } = this.logto;
    const begin = { browser, returnTo, redirectUri, connectorId: LOGTO, purpose: 'sign-in' } as const;
    const url = await this.transactions.begin(begin, (round) => this.logto.authorizationUrl(round, query));
    this.redirect(url.href, 303);
  }

  private async finish(request: HttpRequest): Promise<void> {
    const { transaction, callback } = await this.transactions.end(
      queryOf(request),
      LOGTO,
      this.browsers.read(request),
    );
    this.success(await this.validate({ ...(await this.logto.exchange(callback)), transaction }));
  }
}
