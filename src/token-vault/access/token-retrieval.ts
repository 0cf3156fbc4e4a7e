import { Injectable } from '@nestjs/common';
import { LatchkeyError } from '../../common/errors.js';
import type { TokenSet } from '../../connectors/token-set.js';
import { Chronicle } from '../chronicle.js';
import { TokenVaultService, type ReadOptions } from '../token-vault.service.js';
import { TokenGrants } from './token-grants.js';

/** What a program asks for, and in whose name it does. */
export interface RetrievalRequest extends Pick<ReadOptions, 'scope' | 'minTtlSeconds' | 'secretId'> {
  readonly clientId: string;
  readonly purpose: string;
  /** For the user to read. */
  readonly reason: string;
}

/** Reads of users' tokens by programs: with a grant for just that provider and purpose, and never without a trace. */
@Injectable()
export class TokenRetrieval {
  constructor(
    private readonly grants: TokenGrants,
    private readonly vault: TokenVaultService,
    private readonly chronicle: Chronicle,
  ) {}

  /**
   * Rejects with `vault.retrieval_not_granted` before anything is said of the user, and as {@link TokenVaultService.read}
   * does. Since a token cannot be narrowed, a grant that names scopes gives out none that reaches further.
   */
  async read(userId: string, target: string, request: RetrievalRequest): Promise<TokenSet> {
    const { clientId, purpose, reason: statedReason, ...wanted } = request;
    const reader = { actorId: `client:${clientId}`, clientId, purpose, statedReason };
    const allowed = await this.grants.find({ clientId, target, purpose });
    const beyond = wanted.scope?.filter((name) => allowed?.scope?.includes(name) === false) ?? [];
    if (!allowed || beyond.length > 0) {
      const error = notGranted();
      this.chronicle.notRead({ userId, target, ...reader }, error);
      throw error;
    }
    return this.vault.read(userId, target, { ...wanted, within: allowed.scope, reader });
  }
}

const notGranted = (): LatchkeyError =>
  new LatchkeyError('vault.retrieval_not_granted', 'No grant allows this program to read that.');
