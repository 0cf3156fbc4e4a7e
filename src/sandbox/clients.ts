/** A relying party that both providers of the sandbox know. */
export interface SandboxClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
  /** Where Logto sends logout tokens, on loopback; ID tokens of the client then carry `sid`. */
  readonly backchannelLogoutUri?: string;
}

/** The application's own registrations. Public knowledge, worth nothing outside the sandbox. */
export const applicationCredentials = {
  logto: { clientId: 'latchkey-sandbox', clientSecret: 'latchkey-sandbox-logto-secret' },
  google: {
    clientId: 'latchkey-sandbox.apps.example.test',
    clientSecret: 'latchkey-sandbox-google-secret',
  },
  machine: { clientId: 'latchkey-sandbox-machine', clientSecret: 'latchkey-sandbox-machine-secret' },
} as const;

export interface ClientsByProvider {
  readonly logto: readonly SandboxClient[];
  readonly google: readonly SandboxClient[];
}

export function clientsOf(options: {
  readonly applicationUrl: string;
  readonly clients?: readonly SandboxClient[];
}): ClientsByProvider {
  const application = options.applicationUrl.replace(/\/+$/, '');
  const further = options.clients ?? [];
  const atLogto = {
    ...applicationCredentials.logto,
    redirectUris: [`${application}/auth/callback`],
    postLogoutRedirectUris: [`${application}/`, application],
    backchannelLogoutUri: `${application}/auth/backchannel-logout`,
  };
  const atGoogle = { ...applicationCredentials.google, redirectUris: [`${application}/callback/google`] };
  return { logto: [atLogto, ...further], google: [atGoogle, ...further] };
}
