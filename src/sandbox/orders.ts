import type { Clock } from '../common/clock.js';
import type { Control } from './control/control.js';
import type { Fault } from './control/faults.js';
import { signedRequest, type SignedRequestOptions } from './facebook/signed-request.js';
import { delivery, type Delivery, type DeliveryOptions } from './github/delivery.js';
import { type OneTapOptions, oneTapCredential } from './google/one-tap.js';
import { securityEvent, type SecurityEventOptions } from './google/security-event.js';
import { sendNotice, type Notice, type NoticeAnswer } from './notices.js';
import type { ProviderId } from './pages/providers.js';
import { requirePersona } from './personas.js';

/** What a test may tell the sandbox to do. */
export interface Orders {
  /** From now on this clock moves along with the sandbox's own. */
  attach(clock: Clock): void;
  advance(seconds: number): void;
  /** From now on the providers' clocks (Logto's apart) are off by so many seconds, ahead or (negative) behind. */
  skewClocks(seconds: number): void;
  fail(fault: Fault): void;
  clearFaults(): void;
  /** How often each endpoint was asked, as in `{ 'POST /google/token refresh_token': 2 }`. */
  requests(): Record<string, number>;
  clearRequests(): void;
  /** Ends every grant of this persona at this provider, as if revoked in the account's settings. */
  revokeGrants(provider: ProviderId, personaId: string): void;
  /** The same at Google. */
  revokeGoogleGrants(personaId: string): void;
  /** Ends every token of this persona at Facebook, while permissions stay. */
  facebookPasswordChanged(personaId: string): void;
  /** The persona removes every app in the settings of Facebook. */
  facebookRemoveApp(personaId: string): void;
  /** WeCom takes every application token back before its time. */
  wecomExpireAppTokens(): void;
  /** Whether the address that calls come from is one that WeCom trusts, as it is at first. */
  wecomTrustAddress(trusted: boolean): void;
  /** How often a minute a company's application may ask WeCom for its token, 60 at first. */
  wecomLimitTokenRequests(perMinute: number): void;
  /** Ends every grant of this persona at Logto with its tokens; JWT access tokens live on until they expire. */
  revokeLogtoGrants(personaId: string): void;
  /** Ends every session of this persona at Logto; resolves when their clients have been sent logout tokens. */
  endLogtoSessions(personaId: string): Promise<void>;
  /** Ends grants and sessions of this persona at Logto, tells nobody, and refuses to sign the persona in, for good. */
  suspend(personaId: string): void;
  /** From now on Logto signs with a new key; its JWKS lists the new one and the one before. */
  rotateLogtoKeys(): Promise<void>;
  /** How many refresh requests at Logto came with a token that was consumed already; each has ended its grant. */
  reusedRefreshTokens(): number;
  /** The same at X, where such a request ends every token that came of the same authorization. */
  reusedXRefreshTokens(): number;
  /** The most refresh requests of one grant at Logto that were in flight at the same time. */
  concurrentRefreshes(): number;
  /** Tells the application what a provider tells of its own accord, and returns its answer. */
  notify(notice: Notice): Promise<NoticeAnswer>;
  /** What Google would push: a security event token. */
  securityEvent(options: SecurityEventOptions): Promise<string>;
  /** What a GitHub App would deliver, to be signed with any secret. */
  githubDelivery(options: DeliveryOptions): Delivery;
  /** What Facebook would post as `signed_request`. */
  facebookSignedRequest(options: SignedRequestOptions): string;
  /** What One Tap would post for this persona. */
  oneTapCredential(options: OneTapOptions): Promise<string>;
}

export const ordersTo = (control: Control, applicationUrl: string): Orders => ({
  attach: (clock) => control.attach(clock),
  advance: (seconds) => control.advance(seconds),
  skewClocks: (seconds) => control.skewClocks(seconds),
  fail: (fault) => control.faults.add(fault),
  clearFaults: () => control.faults.clear(),
  requests: () => control.requests.all(),
  clearRequests: () => control.requests.clear(),
  revokeGrants: (provider, personaId) => control.revokeGrants(provider, personaId),
  revokeGoogleGrants: (personaId) => control.revokeGrants('google', personaId),
  facebookPasswordChanged: (personaId) =>
    control.dialects.facebook.ledger.changePassword(requirePersona(personaId).id),
  facebookRemoveApp: (personaId) => control.revokeGrants('facebook', personaId),
  wecomExpireAppTokens: () => control.dialects.wecom.ledger.dropAppTokens(),
  wecomTrustAddress: (trusted) => control.dialects.wecom.address.set(trusted),
  wecomLimitTokenRequests: (perMinute) => control.dialects.wecom.quota.allow(perMinute),
  revokeLogtoGrants: (personaId) => control.revokeGrants('logto', personaId),
  endLogtoSessions: (personaId) => control.logto.endSessions(personaId),
  suspend: (personaId) => control.logto.suspend(personaId),
  rotateLogtoKeys: () => control.logto.rotateKeys(),
  reusedRefreshTokens: () => control.logto.refreshes.reused(),
  reusedXRefreshTokens: () => control.dialects.x.ledger.reusedRefreshTokens(),
  concurrentRefreshes: () => control.logto.refreshes.concurrent(),
  notify: (notice) => sendNotice(control.dialects, applicationUrl, notice),
  securityEvent: (options) => securityEvent(control.dialects.google, options),
  githubDelivery: delivery,
  facebookSignedRequest: (options) => signedRequest(control.dialects.facebook, options),
  oneTapCredential: (options) => oneTapCredential(control.dialects.google, options),
});
