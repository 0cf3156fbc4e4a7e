import { z } from 'zod';
import type { ConnectorFormItem } from '../../connector.js';
import { customParameters } from '../../custom-parameters.js';
import { profilePath } from '../../mapped-profile.js';
import { openIdConnectConfig } from '../../openid-connect.connector.js';

/** As the provider itself writes it (OpenID Connect Discovery 1.0, 4.3): a slash at the end counts. */
const issuer = z
  .url({ protocol: /^https?$/ })
  .max(255)
  .refine((text) => {
    const { search, hash, username, password, pathname } = new URL(text);
    return search + hash + username + password === '' && !pathname.includes('/.well-known/');
  }, 'must be the issuer itself, without query, fragment, credentials or the path of its metadata');

const profileMap = z
  .object({
    name: profilePath.default('name'),
    username: profilePath.default('preferred_username'),
    email: profilePath.default('email'),
    emailVerified: profilePath.default('email_verified'),
    phone: profilePath.default('phone_number'),
    phoneVerified: profilePath.default('phone_number_verified'),
    avatar: profilePath.default('picture'),
  })
  .prefault({});

/** The configuration of any OpenID Connect provider that can be discovered. */
export const genericOidcConfig = openIdConnectConfig.extend({
  issuer,
  /** Separated by spaces or commas; `openid` goes without saying. Default: `openid profile email`. */
  scope: z
    .string()
    .transform((text) => (/(^|[\s,])openid([\s,]|$)/.test(text) ? text : `openid ${text}`))
    .optional(),
  tokenEndpointAuthMethod: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .default('client_secret_post'),
  profileMap,
  /** Whether what the ID token leaves out is asked for at the UserInfo endpoint. */
  fetchUserInfo: z.boolean().default(false),
  /** Whether the provider is believed about e-mail addresses: accounts may be joined by verified ones. */
  trustEmail: z.boolean().default(false),
  /** Classes of authentication of which one is demanded, separated by spaces. */
  acrValues: z.string().optional(),
  maxAgeSeconds: z.int().min(0).optional(),
  customConfig: customParameters,
});

export type GenericOidcConfig = z.output<typeof genericOidcConfig>;

/** The same as a form. */
export const genericOidcForm: readonly ConnectorFormItem[] = [
  { key: 'issuer', label: 'Issuer', type: 'Text', required: true },
  { key: 'clientId', label: 'Client ID', type: 'Text', required: true },
  { key: 'clientSecret', label: 'Client secret', type: 'Text', required: true, isConfidential: true },
  { key: 'scope', label: 'Scope', type: 'MultilineText', placeholder: 'openid profile email' },
  { key: 'fetchUserInfo', label: 'Ask UserInfo for what is missing', type: 'Switch', defaultValue: false },
  { key: 'trustEmail', label: 'Trust its e-mail addresses', type: 'Switch', defaultValue: false },
  { key: 'acrValues', label: 'Demanded classes of authentication', type: 'Text' },
  { key: 'profileMap', label: 'Paths in the claims', type: 'Json' },
  { key: 'customConfig', label: 'Further parameters', type: 'Json' },
];
