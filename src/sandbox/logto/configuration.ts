import type { Configuration, interactionPolicy } from 'oidc-provider';
import type { SandboxClient } from '../clients.js';
import { personaByLogtoSubject } from '../personas.js';
import type { State } from '../state.js';
import { claimsByScope, logtoClaims } from './claims.js';
import { logtoFeatures } from './features.js';
import { grantWhatIsAsked } from './granting.js';
import { interactionPath } from './interaction-path.js';
import type { OidcProviderModule } from './load-oidc-provider.js';
import { organizationClaim } from './organization-tokens.js';
import { RecordsAdapter } from './records.js';
import { machineRegistration, registration } from './registration.js';

/** What an application's tests may choose; the rest is as at Logto. */
export interface LogtoBehaviour {
  readonly rotateRefreshTokens?: 'always';
  readonly accessTokenSeconds?: number;
  readonly extendedIdTokenClaims?: boolean;
}

export interface ConfigurationOptions {
  readonly clients: readonly SandboxClient[];
  readonly state: State;
  readonly behaviour: LogtoBehaviour;
  readonly consumed: Set<string>;
  readonly policy: interactionPolicy.DefaultPolicy;
  readonly errors: OidcProviderModule['errors'];
}

const HOUR_SECONDS = 3600;
const FORTNIGHT_SECONDS = 14 * 24 * HOUR_SECONDS;

/** Every function whose default would print a notice is given here. */
export function logtoConfiguration(options: ConfigurationOptions): Configuration {
  const { clients, state, behaviour, consumed, policy } = options;
  const { key, previousKey, cookieKeys, records } = state.saved.logto;
  const { accessTokenSeconds = HOUR_SECONDS, extendedIdTokenClaims = false } = behaviour;
  const { InvalidGrant } = options.errors;
  return {
    adapter: (model: string) =>
      new RecordsAdapter({ model, records, consumed, changed: state.changed, InvalidGrant }),
    clients: [...clients.map(registration), machineRegistration],
    clientDefaults: { id_token_signed_response_alg: 'ES384' },
    // The first key signs.
    jwks: { keys: previousKey === undefined ? [key] : [key, previousKey] },
    enabledJWA: { idTokenSigningAlgValues: ['ES384'], userinfoSigningAlgValues: ['ES384'] },
    claims: claimsByScope,
    scopes: ['openid', 'offline_access'],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    responseTypes: ['code'],
    extraParams: ['first_screen', 'interaction_mode', 'direct_sign_in'],
    extraTokenClaims: organizationClaim,
    ...(behaviour.rotateRefreshTokens === 'always' && { rotateRefreshToken: true }),
    interactions: { policy, url: (_ctx, interaction) => interactionPath(interaction.params) },
    loadExistingGrant: grantWhatIsAsked,
    findAccount: (_ctx, subject) => {
      const persona = personaByLogtoSubject(subject);
      if (persona === undefined) return undefined;
      const claims = (use: string) =>
        logtoClaims(persona, { extended: use === 'userinfo' || extendedIdTokenClaims });
      return { accountId: subject, claims };
    },
    clientBasedCORS: () => false,
    renderError: (ctx, out) => {
      ctx.body = out;
    },
    cookies: {
      names: {
        session: 'sandbox_logto_session',
        interaction: 'sandbox_logto_interaction',
        resume: 'sandbox_logto_resume',
      },
      // The sign-in page posts to another path than the one that it was opened at.
      short: { path: '/', httpOnly: true, sameSite: 'lax' },
      keys: cookieKeys,
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      ClientCredentials: accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: FORTNIGHT_SECONDS,
      IdToken: HOUR_SECONDS,
      Interaction: HOUR_SECONDS,
      RefreshToken: FORTNIGHT_SECONDS,
      Session: FORTNIGHT_SECONDS,
    },
    features: logtoFeatures,
  };
}
