import { Inject, Injectable, Optional } from '@nestjs/common';
import { LatchkeyError } from '../common/errors.js';
import { REAUTHORIZATION_URL, type ReauthorizationUrl } from '../common/reauthorization-url.js';
import { splitScope } from '../connectors/token-set.js';
import type { StoredSecret } from './stored-secret.entity.js';
import { TOKEN_VAULT_OPTIONS, type TokenVaultModuleOptions } from './token-vault.options.js';

/** The errors that send a person to the provider again, and say where. */
@Injectable()
export class Reauthorization {
  constructor(
    @Inject(TOKEN_VAULT_OPTIONS) private readonly options: TokenVaultModuleOptions,
    @Optional() @Inject(REAUTHORIZATION_URL) private readonly url?: ReauthorizationUrl,
  ) {}

  required({ connectorId, target, stateReason }: StoredSecret): LatchkeyError {
    const data = { target, reason: stateReason, authorization_url: this.urlOf(connectorId) };
    const message = 'Sign in at the provider again to renew this access.';
    return new LatchkeyError('reauthorization_required', message, { data });
  }

  /** The address asks for what is granted together with what is missing, so that nothing is lost by going there. */
  scopeMissing(
    { connectorId, target, scope }: Pick<StoredSecret, 'connectorId' | 'target' | 'scope'>,
    missing: readonly string[],
  ): LatchkeyError {
    const union = [...new Set([...splitScope(scope ?? ''), ...missing])];
    const data = { target, scope: missing.join(' '), authorization_url: this.urlOf(connectorId, union) };
    return new LatchkeyError('vault.scope_missing', 'The person has not granted as much as that.', { data });
  }

  /** Where the person renews a grant of this instance, where that is known. */
  urlOf(connectorId: string, scope?: readonly string[]): string | undefined {
    return (this.options.reauthorizationUrl ?? this.url)?.(connectorId, scope);
  }
}
