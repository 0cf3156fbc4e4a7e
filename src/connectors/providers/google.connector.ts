import { Injectable } from '@nestjs/common';
import type { IDToken } from 'openid-client';
import { z } from 'zod';
import { isLatchkeyError, LatchkeyError } from '../../common/errors.js';
import type {
  AuthorizationRequest,
  ConnectorInstance,
  OneTapPrompt,
  ProviderIdentity,
} from '../connector.js';
import { clientForm, textItem } from '../forms.js';
import type { ProviderMessage, ProviderNotification } from '../notifications/notification.js';
import { unsupportedNotification } from '../notifications/refusals.js';
import { OpenIdConnectConnector, openIdConnectConfig } from '../openid-connect.connector.js';
import { httpsUrl, optionalText } from '../profile.js';
import type { TokenSet } from '../token-set.js';
import { RiscReceiver } from './google/risc.js';

const config = openIdConnectConfig.extend({
  prompts: z.array(z.enum(['none', 'login', 'consent', 'select_account'])).optional(),
  /** Ask for a refresh token although the vault keeps none here. */
  offlineAccess: z.boolean().optional(),
  /** Only accounts of this Google Workspace domain are let in. */
  hostedDomain: z
    .string()
    .regex(/^[a-z\d.-]+\.[a-z\d-]+$/, 'must be a domain in lower case')
    .optional(),
  oneTap: z
    .object({
      isEnabled: z.boolean().optional(),
      autoSelect: z.boolean().optional(),
      closeOnTapOutside: z.boolean().optional(),
      itpSupport: z.boolean().optional(),
    })
    .optional(),
});

type Config = z.output<typeof config>;
type Instance = ConnectorInstance<Config>;

const claims = z.object({
  name: optionalText,
  email: optionalText,
  email_verified: z.boolean().optional().catch(undefined),
  picture: httpsUrl,
  hd: optionalText,
});

const ISSUER = 'https://accounts.google.com';

/** Google, by OpenID Connect: https://developers.google.com/identity/openid-connect/openid-connect */
@Injectable()
export class GoogleConnector extends OpenIdConnectConnector<z.output<typeof claims>, Config> {
  override readonly descriptor = {
    id: 'google-universal',
    target: 'google',
    name: 'Google',
    description: 'Accounts of Google and of Google Workspace.',
    issuer: ISSUER,
    scope: ['openid', 'profile', 'email'],
    formItems: [
      ...clientForm,
      {
        key: 'prompts',
        label: 'Prompts',
        type: 'MultiSelect',
        selectItems: [
          { value: 'none' },
          { value: 'login' },
          { value: 'consent' },
          { value: 'select_account' },
        ],
      },
      { key: 'offlineAccess', label: 'Offline access', type: 'Switch', defaultValue: false },
      textItem('hostedDomain', 'Only accounts of this Workspace domain', 'example.com'),
      { key: 'oneTap', label: 'One Tap', type: 'Json', placeholder: '{ "isEnabled": true }' },
      textItem('issuer', 'Another issuer that speaks as Google does'),
    ],
    authentication: 'post',
    refreshMarginSeconds: 300,
    refreshTokenNeedsConsent: true,
    refreshTokenIsReusable: true,
    /** https://developers.google.com/identity/protocols/oauth2/scopes#google-sign-in */
    scopeAliases: {
      email: 'https://www.googleapis.com/auth/userinfo.email',
      profile: 'https://www.googleapis.com/auth/userinfo.profile',
    },
  } as const;

  override readonly configSchema = config;

  protected override readonly claimsSchema = claims;

  private readonly receivers = new WeakMap<Instance, RiscReceiver>();

  /**
   * Google itself hands out the addresses of gmail.com and of Workspace domains; any other was somebody's once, and may
   * be another's today: https://developers.google.com/identity/gsi/web/guides/verify-google-id-token
   */
  protected override identityOf({
    name,
    email,
    email_verified,
    picture,
    hd,
  }: z.output<typeof claims>): Omit<ProviderIdentity, 'issuer' | 'subject'> {
    const emailVerified = email !== undefined && email_verified === true;
    const emailAuthoritative = emailVerified && (hd !== undefined || /@gmail\.com$/i.test(email));
    return { name, email, emailVerified, emailAuthoritative, avatar: picture };
  }

  /**
   * Google gives a refresh token for offline access only, and only at the first consent unless asked again
   * (https://developers.google.com/identity/protocols/oauth2/web-server#offline).
   */
  protected override authorizationParameters(
    { config: { prompts = [], offlineAccess, hostedDomain }, enableTokenStorage }: Instance,
    { consent, scope }: AuthorizationRequest,
  ): Record<string, string> {
    const prompt = new Set([...prompts, ...(consent ? ['consent'] : [])]);
    if (consent) prompt.delete('none');
    return {
      ...((enableTokenStorage || offlineAccess) && { access_type: 'offline' }),
      ...((enableTokenStorage || scope?.length) && { include_granted_scopes: 'true' }),
      ...(prompt.size > 0 && { prompt: [...prompt].join(' ') }),
      ...(hostedDomain && { hd: hostedDomain }),
    };
  }

  /** An administrator of the person's company has taken the access away, which Google says by a code of its own. */
  override async refresh(instance: Instance, held: TokenSet, subject?: string): Promise<TokenSet> {
    try {
      return await super.refresh(instance, held, subject);
    } catch (cause) {
      if (!isLatchkeyError(cause) || cause.upstream?.code !== 'admin_policy_enforced') throw cause;
      const { upstream } = cause;
      throw new LatchkeyError('connector.grant_invalid', 'The provider no longer honours the grant.', {
        cause,
        upstream,
      });
    }
  }

  /** Google's APIs have a host each: https://developers.google.com/discovery/v1/reference/apis/list */
  override apiHosts(instance: Instance): Iterable<string> {
    const { issuer = ISSUER } = instance.config;
    return issuer === ISSUER ? ['*.googleapis.com'] : super.apiHosts(instance);
  }

  /** The parameter `hd` only helps the person to choose; the claim is what counts. */
  protected override assertWelcome({ config: { hostedDomain } }: Instance, { hd }: IDToken): void {
    if (hostedDomain !== undefined && hd !== hostedDomain)
      throw new LatchkeyError('auth.access_denied', `Only accounts of ${hostedDomain} are let in.`);
  }

  /**
   * https://developers.google.com/identity/gsi/web/reference/html-reference. The script runs on our page, so it is Google's
   * own, or that of an issuer whose host whoever runs the backend has named.
   */
  override oneTap({
    config: { clientId, issuer = ISSUER, oneTap },
    privateHosts,
  }: Instance): OneTapPrompt | undefined {
    if (!oneTap?.isEnabled || (issuer !== ISSUER && !privateHosts.has(new URL(issuer).host)))
      return undefined;
    const { autoSelect = false, closeOnTapOutside = true, itpSupport = true } = oneTap;
    return { scriptUrl: `${issuer}/gsi/client`, clientId, autoSelect, closeOnTapOutside, itpSupport };
  }

  /** Cross-Account Protection: https://developers.google.com/identity/protocols/risc */
  override async notifications(
    instance: Instance,
    { kind, body }: ProviderMessage,
  ): Promise<readonly ProviderNotification[]> {
    if (kind !== 'event') throw unsupportedNotification();
    const { clientId, issuer = ISSUER } = instance.config;
    const receiver =
      this.receivers.get(instance) ?? new RiscReceiver({ issuer, clientId }, this.outgoing(instance));
    this.receivers.set(instance, receiver);
    return receiver.read(body);
  }

  /** Google writes its own name in two ways. */
  override async verifyCredential(
    instance: Instance,
    credential: string,
    nonce: string,
  ): Promise<ProviderIdentity> {
    const names = (instance.config.issuer ?? ISSUER) === ISSUER ? ['accounts.google.com'] : [];
    const verified = await this.relyingParty(instance).verifyPosted(credential, nonce, names);
    this.assertWelcome(instance, verified);
    return this.identify(instance, verified);
  }
}
