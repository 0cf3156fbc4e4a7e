import { createParamDecorator, Injectable, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { currentUserOf } from '../../common/current-user.js';
import { establishedOf } from '../../common/established.js';
import type { Secret } from '../../common/secret.js';
import type { TokenSet } from '../../connectors/token-set.js';
import type { Reader } from '../chronicle.js';
import { TokenVaultService, type ReadOptions } from '../token-vault.service.js';

/** What a handler needs to call the provider in the name of its user. The refresh token stays in the vault. */
export interface ProviderToken extends Pick<TokenSet, 'tokenType' | 'scope' | 'expiresAt'> {
  /** Works now; `reveal()` gives it in clear. */
  readonly accessToken: Secret;
}

export type ProviderTokenOptions = Pick<ReadOptions, 'scope' | 'minTtlSeconds'>;

interface Wanted {
  readonly userId: string;
  readonly target: string;
  readonly options: ProviderTokenOptions & { readonly reader: Reader };
}

/** Reads what the decorator asks for. Nest makes one in whichever module the handler is in. */
@Injectable()
export class ProviderTokenPipe implements PipeTransform<Wanted, Promise<ProviderToken>> {
  constructor(private readonly vault: TokenVaultService) {}

  async transform({ userId, target, options }: Wanted): Promise<ProviderToken> {
    const { accessToken, tokenType, scope, expiresAt } = await this.vault.read(userId, target, options);
    return { accessToken, tokenType, scope, expiresAt };
  }
}

const Wanted = createParamDecorator(
  (
    { target, options }: Pick<Wanted, 'target'> & { options: ProviderTokenOptions },
    context: ExecutionContext,
  ): Wanted => {
    const { id: userId } = currentUserOf(context);
    const { clientId } = establishedOf(context).accessToken ?? {};
    return { userId, target, options: { ...options, reader: { actorId: userId, clientId } } };
  },
);

/**
 * A working access token of the signed-in user at this provider, for HTTP handlers, resolvers and gateways behind a guard.
 * Where nobody is signed in the request ends with 401, and otherwise as {@link TokenVaultService.read} rejects: with
 * `reauthorization_required` or `vault.scope_missing` and an address for the person, or with 404 where nothing is stored.
 */
export const ProviderToken = (target: string, options: ProviderTokenOptions = {}): ParameterDecorator =>
  Wanted({ target, options }, ProviderTokenPipe);
