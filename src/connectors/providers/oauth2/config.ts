import { z } from 'zod';
import type { ConnectorFormItem } from '../../connector.js';
import { customParameters, isProtocolParameter } from '../../custom-parameters.js';
import { profilePath } from '../../mapped-profile.js';
import { oauth2Config } from '../../oauth2.connector.js';

/** RFC 6749 3.1 and 3.2 let an endpoint have a query, but no fragment. */
const endpoint = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .transform((text) => new URL(text).href)
  .refine((text) => {
    const { hash, username, password, searchParams } = new URL(text);
    return hash + username + password === '' && ![...searchParams.keys()].some(isProtocolParameter);
  }, 'must have no fragment, credentials or parameters of the protocol');

const profileMap = z
  .object({
    id: profilePath.min(1).default('id'),
    name: profilePath.default('name'),
    email: profilePath.default('email'),
    emailVerified: profilePath.optional(),
    phone: profilePath.default('phone'),
    phoneVerified: profilePath.optional(),
    avatar: profilePath.default('avatar'),
  })
  .prefault({});

const LONGEST_ISSUER = 255;

const fields = oauth2Config.extend({
  authorizationEndpoint: endpoint,
  tokenEndpoint: endpoint,
  userInfoEndpoint: endpoint,
  /** RFC 7009. Without one, nothing is revoked. */
  revocationEndpoint: endpoint.optional(),
  /**
   * Names the provider in identities, and is what `iss` of a callback has to be (RFC 9207). Whoever changes it, or
   * where it is absent the place of the id, makes every account a new one.
   */
  issuer: z
    .url({ protocol: /^https?$/ })
    .max(LONGEST_ISSUER)
    .optional(),
  tokenEndpointAuthMethod: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .default('client_secret_post'),
  scopeDelimiter: z.enum([' ', ',']).default(' '),
  pkce: z.boolean().default(true),
  profileMap,
  /** Whether the provider is believed about e-mail addresses: accounts may be joined by them. */
  trustEmail: z.boolean().default(false),
  customConfig: customParameters,
});

export type GenericOAuth2Config = z.output<typeof fields>;

/**
 * By default the place where the id is read: two providers, two tenants of one, or two ids in one profile never count
 * as the same, even where each numbers its people from 1.
 */
export const issuerOf = ({ issuer, userInfoEndpoint, profileMap }: GenericOAuth2Config): string =>
  issuer ?? `${userInfoEndpoint}#${profileMap.id}`;

/**
 * The configuration of any OAuth 2.0 provider, in Logto's field names where Logto has the field. Logto's
 * `tokenEndpointResponseType` is not needed: an answer shows whether it is JSON or a form.
 */
export const genericOAuth2Config = fields.refine((parsed) => issuerOf(parsed).length <= LONGEST_ISSUER, {
  path: ['issuer'],
  message: 'is needed, because the address of the profile is too long to name the provider',
});

/** The same as a form. */
export const genericOAuth2Form: readonly ConnectorFormItem[] = [
  { key: 'authorizationEndpoint', label: 'Authorization endpoint', type: 'Text', required: true },
  { key: 'tokenEndpoint', label: 'Token endpoint', type: 'Text', required: true },
  { key: 'userInfoEndpoint', label: 'Address of the profile', type: 'Text', required: true },
  { key: 'revocationEndpoint', label: 'Revocation endpoint', type: 'Text' },
  { key: 'clientId', label: 'Client ID', type: 'Text', required: true },
  { key: 'clientSecret', label: 'Client secret', type: 'Text', required: true, isConfidential: true },
  { key: 'scope', label: 'Scope', type: 'MultilineText' },
  { key: 'profileMap', label: 'Paths in the profile', type: 'Json', defaultValue: { id: 'id' } },
  { key: 'customConfig', label: 'Further parameters', type: 'Json' },
  { key: 'pkce', label: 'PKCE', type: 'Switch', defaultValue: true },
  { key: 'trustEmail', label: 'Trust its e-mail addresses', type: 'Switch', defaultValue: false },
  { key: 'issuer', label: 'Issuer', type: 'Text', description: 'Names the provider for good.' },
];
