import type { ReauthorizationUrl } from '../common/reauthorization-url.js';
import type { RenewalOptions } from './renewal/renewal.options.js';

export interface TokenVaultModuleOptions {
  /** How tokens are renewed before anybody asks for them; `false` leaves that to their readers. Default: on, see there. */
  readonly renewal?: RenewalOptions | false;
  /**
   * Where a person renews a grant of this connector instance; part of the error `reauthorization_required`. Default: the
   * route of `AuthModule`, where that is imported.
   */
  readonly reauthorizationUrl?: ReauthorizationUrl;
  /**
   * Hosts to which `VaultHttpService` may send access tokens, beside those of the connector's own API, by the id of the
   * connector instance: `{ github: ['uploads.github.com'] }`. `*.example.com` stands for every host below it; a port other
   * than 443 belongs to the name. Default: none.
   */
  readonly apiHosts?: Readonly<Record<string, readonly string[]>>;
}

export const TOKEN_VAULT_OPTIONS = Symbol('latchkey:token-vault-options');
