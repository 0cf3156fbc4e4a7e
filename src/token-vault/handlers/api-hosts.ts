import { Inject, Injectable } from '@nestjs/common';
import { LatchkeyError } from '../../common/errors.js';
import { assertPublicUrl } from '../../common/private-addresses.js';
import { ConfigurationError } from '../../config/configuration.error.js';
import { ConnectorRegistry, type ConfiguredConnector } from '../../connectors/connector.registry.js';
import { TOKEN_VAULT_OPTIONS, type TokenVaultModuleOptions } from '../token-vault.options.js';

export interface ApiAddress {
  readonly url: URL;
  readonly privateHosts: ReadonlySet<string>;
}

/** To which hosts the access tokens of a connector instance may be sent: those of its API, and those of the options. */
@Injectable()
export class ApiHosts {
  private readonly further: Readonly<Record<string, readonly string[]>>;

  constructor(
    @Inject(TOKEN_VAULT_OPTIONS) { apiHosts = {} }: TokenVaultModuleOptions,
    private readonly connectors: ConnectorRegistry,
  ) {
    const odd = Object.values(apiHosts)
      .flat()
      .find((host) => !isHostPattern(host));
    if (odd !== undefined) throw new ConfigurationError(`TokenVaultModule: apiHosts: ${odd} is not a host`);
    this.further = apiHosts;
  }

  /**
   * The address, where the instance's tokens may go there. Rejects with `connector.address_forbidden` for one that is no
   * https URL or carries credentials, and with `vault.request_forbidden` for another host.
   */
  async assert(connectorId: string, address: string | URL): Promise<ApiAddress> {
    const configured = await this.connectors.get(connectorId);
    const { privateHosts } = configured.instance;
    const url = assertPublicUrl(address, privateHosts);
    if (!this.of(configured).some((pattern) => matchesHost(url.host, pattern)))
      throw new LatchkeyError('vault.request_forbidden', "This host is none of the provider's API.", {
        data: { reason: 'host' },
      });
    return { url, privateHosts };
  }

  private of({ connector, instance }: ConfiguredConnector): string[] {
    const further = Object.hasOwn(this.further, instance.id) ? (this.further[instance.id] ?? []) : [];
    return [...(connector.apiHosts?.(instance) ?? []), ...further];
  }
}

/**
 * Whether a host, in the form of `URL.host`, is the one that is named, or with `*.` before it one below it. A port that
 * is not the scheme's own belongs to the name.
 */
export const matchesHost = (host: string, pattern: string): boolean =>
  pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
    : host === pattern;

/** In the form in which a URL has it; below `*.` at least two labels. */
function isHostPattern(pattern: string): boolean {
  const host = pattern.replace(/^\*\./, '');
  const isPlain = URL.canParse(`https://${host}`) && new URL(`https://${host}`).host === host;
  return isPlain && !host.includes('*') && (host === pattern || host.includes('.'));
}
