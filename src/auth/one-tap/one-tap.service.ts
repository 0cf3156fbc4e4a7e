import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { LatchkeyError } from '../../common/errors.js';
import type { HttpRequest } from '../../common/http-request.js';
import { randomToken } from '../../common/random.js';
import type { OneTapPrompt } from '../../connectors/connector.js';
import { ConnectorRegistry } from '../../connectors/connector.registry.js';
import { AUTH_OPTIONS, AUTH_PATHS, type AuthModuleOptions, type AuthPaths } from '../auth.options.js';
import { Cookies, SIGNED_OUT_COOKIE } from '../session/cookies.js';
import { AuthorizationTransactions } from '../sign-in/authorization-transactions.js';
import { BrowserBinding } from '../sign-in/browser-binding.js';
import type { Arrival } from '../sign-in/sign-in.service.js';

const ASKED_FOR_SECONDS = 24 * 60 * 60;

/** What a page needs to show a provider's prompt, which posts to `loginUri` whom the person has chosen. */
export interface OneTapOffer extends OneTapPrompt {
  readonly loginUri: string;
  readonly nonce: string;
}

/**
 * Sign-in by a provider's prompt on our own page. The nonce of the page is a transaction like that of any other round
 * trip: it belongs to the browser, lives ten minutes and is good once, so a credential cannot be brought twice, nor by
 * another browser.
 */
@Injectable()
export class OneTapService {
  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: AuthModuleOptions,
    @Inject(AUTH_PATHS) private readonly paths: AuthPaths,
    @Inject(ConnectorRegistry) private readonly connectors: ConnectorRegistry,
    private readonly transactions: AuthorizationTransactions,
    private readonly browsers: BrowserBinding,
    private readonly cookies: Cookies,
  ) {}

  /** Whoever has just signed out wants to be asked, and not to be signed in again by a prompt that needs no answer. */
  async noteSignOut(response: unknown): Promise<void> {
    const prompts = await this.connectors.list();
    if (prompts.some(({ connector, instance }) => connector.oneTap?.(instance)?.autoSelect))
      this.cookies.write(response, SIGNED_OUT_COOKIE, randomToken(), ASKED_FOR_SECONDS);
  }

  /** The prompt of the first connector that has one, for a sign-in that leads to `returnTo`. */
  async offer(request: HttpRequest, response: unknown, returnTo: string): Promise<OneTapOffer | undefined> {
    const hasSignedOut = this.cookies.read(request.headers, SIGNED_OUT_COOKIE) !== undefined;
    for (const { connector, instance } of await this.connectors.list()) {
      const prompt = connector.oneTap?.(instance);
      if (!prompt) continue;
      const loginUri = `${this.options.baseUrl}/${this.paths.callback}/${instance.id}`;
      let nonce = '';
      const start = {
        browser: this.browsers.mark(request, response),
        connectorId: instance.id,
        purpose: 'sign-in',
        redirectUri: loginUri,
        returnTo,
      } as const;
      await this.transactions.begin(start, ({ state }) => {
        nonce = state;
        return Promise.resolve(new URL(loginUri));
      });
      return { ...prompt, autoSelect: prompt.autoSelect && !hasSignedOut, loginUri, nonce };
    }
    return undefined;
  }

  /**
   * Who was chosen at the prompt. The transaction is over, whatever comes of it. Rejects with `connector.not_found`,
   * `connector.disabled`, `auth.state_invalid`, `auth.id_token_invalid` or `auth.access_denied`.
   */
  async accept(connectorId: string, credential: string, browser: string | undefined): Promise<Arrival> {
    const { connector, instance } = await this.connectors.getEnabled(connectorId);
    if (!connector.oneTap?.(instance) || !connector.verifyCredential)
      throw new LatchkeyError('connector.disabled', 'This connector has no prompt that is switched on.');
    const nonce = nonceOf(credential);
    const { transaction } = await this.transactions.end(
      new URLSearchParams({ state: nonce }),
      instance.id,
      browser,
    );
    const identity = await connector.verifyCredential(instance, credential, nonce);
    const { target, syncProfile } = instance;
    return { transaction, at: { connectorId: instance.id, target, identity, syncProfile } };
  }
}

/** Only to find the transaction: the nonce counts once the signature over it has been verified. */
function nonceOf(credential: string): string {
  try {
    const { nonce } = decodeJwt(credential);
    if (typeof nonce === 'string') return nonce;
  } catch (cause) {
    throw new LatchkeyError('auth.id_token_invalid', 'The sign-in could not be verified.', { cause });
  }
  throw new LatchkeyError('auth.id_token_invalid', 'The sign-in was not made for this page.');
}
