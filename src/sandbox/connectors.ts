import type { Addresses } from './addresses.js';

/** A connector instance whose provider is the sandbox. */
export interface SandboxConnector {
  readonly id: string;
  readonly connectorId: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly enableTokenStorage: boolean;
}

/** One for each provider, at the callback addresses that are registered there. */
export function sandboxConnectors(addresses: Omit<Addresses, 'url'>): readonly SandboxConnector[] {
  const { google, github, facebook, x, wecom } = addresses;
  const { endpoint, ...company } = wecom;
  return [
    instance('google', google),
    instance('github', github),
    instance('facebook', facebook),
    instance('x', x),
    {
      ...instance('wecom', {
        ...company,
        apiEndpoint: endpoint,
        inAppEndpoint: `${endpoint}/connect/oauth2/authorize`,
        qrEndpoint: `${endpoint}/wwlogin/sso/login`,
      }),
      enableTokenStorage: false,
    },
  ];
}

const instance = (target: string, config: object): SandboxConnector => ({
  id: target,
  connectorId: `${target}-universal`,
  config: { ...config },
  enableTokenStorage: true,
});
