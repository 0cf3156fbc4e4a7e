import { type Corp, corpsOf } from './wecom/corps.js';

/** A relying party that every provider of the sandbox knows. */
export interface SandboxClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** None: at Logto it is a client that acts for itself. */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
  /** Where Logto sends logout tokens, on loopback; ID tokens of the client then carry `sid`. */
  readonly backchannelLogoutUri?: string;
  /** Google's publishing status "Testing": refresh tokens end after a week. */
  readonly isInTesting?: boolean;
  /** At GitHub it is a GitHub App, and not an OAuth App; without the permission it sees no e-mail addresses. */
  readonly githubApp?: { readonly emailPermission: boolean };
  /** Facebook's "Require App Secret", on unless told: a user's token works only with `appsecret_proof`. */
  readonly facebookApp?: { readonly requiresAppSecretProof: boolean };
}

/** The application's own registrations. Public knowledge, worth nothing outside the sandbox. */
export const applicationCredentials = {
  logto: { clientId: 'latchkey-sandbox', clientSecret: 'latchkey-sandbox-logto-secret' },
  google: {
    clientId: 'latchkey-sandbox.apps.example.test',
    clientSecret: 'latchkey-sandbox-google-secret',
  },
  github: {
    clientId: 'Ov23liLatchkeySandbox',
    clientSecret: 'latchkey-sandbox-github-secret',
    webhookSecret: 'latchkey-sandbox-github-webhook-secret',
  },
  githubApp: { clientId: 'Iv23liLatchkeySandbox', clientSecret: 'latchkey-sandbox-github-app-secret' },
  facebook: { clientId: '1428571428571428', clientSecret: '5a9d0b7c3e8f4126a7d1c0e94b62f835' },
  x: { clientId: 'LatchkeySandboxAtX', clientSecret: 'latchkey-sandbox-x-secret' },
  wecom: { corpId: 'ww5a3c1e9f7b2d8064', appSecret: 'latchkey-sandbox-wecom-secret', agentId: '1000002' },
  wecomSecondCorp: {
    corpId: 'ww0f8e6d4c2b1a9357',
    appSecret: 'latchkey-sandbox-second-wecom-secret',
    agentId: '1000007',
  },
  machine: { clientId: 'latchkey-sandbox-machine', clientSecret: 'latchkey-sandbox-machine-secret' },
} as const;

export interface ClientsByProvider {
  readonly logto: readonly SandboxClient[];
  readonly google: readonly SandboxClient[];
  readonly github: readonly SandboxClient[];
  readonly facebook: readonly SandboxClient[];
  readonly x: readonly SandboxClient[];
  /** No clients: companies with one application each. */
  readonly wecom: readonly Corp[];
}

/** Each provider knows the application by credentials of its own, and every further client by the same. */
export function clientsOf(options: {
  readonly applicationUrl: string;
  readonly clients?: readonly SandboxClient[];
}): ClientsByProvider {
  const { clients: further = [] } = options;
  const application = options.applicationUrl.replace(/\/+$/, '');
  const calledBackAt = (...ids: readonly string[]) => ({
    redirectUris: ids.map((id) => `${application}/callback/${id}`),
  });
  const { google, github, githubApp, facebook, x, wecom, wecomSecondCorp } = applicationCredentials;
  return {
    logto: [logtoClient(application), ...further],
    google: [{ ...google, ...calledBackAt('google') }, ...further],
    github: [
      { clientId: github.clientId, clientSecret: github.clientSecret, ...calledBackAt('github') },
      { ...githubApp, ...calledBackAt('github-app', 'github'), githubApp: { emailPermission: false } },
      ...further,
    ],
    facebook: [{ ...facebook, ...calledBackAt('facebook') }, ...further],
    x: [{ ...x, ...calledBackAt('x') }, ...further],
    wecom: corpsOf([wecom, wecomSecondCorp], [new URL(application).host]),
  };
}

const logtoClient = (application: string): SandboxClient => ({
  ...applicationCredentials.logto,
  redirectUris: [`${application}/auth/callback`],
  postLogoutRedirectUris: [`${application}/`, application],
  backchannelLogoutUri: `${application}/auth/backchannel-logout`,
});
