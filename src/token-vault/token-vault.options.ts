export interface TokenVaultModuleOptions {
  /**
   * Where a person renews a grant of this connector instance; part of the error `reauthorization_required`. Default: the
   * route of `AuthModule`, where that is imported.
   */
  readonly reauthorizationUrl?: (connectorId: string) => string;
}

export const TOKEN_VAULT_OPTIONS = Symbol('latchkey:token-vault-options');
