import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { LatchkeyError } from '../../common/errors.js';
import { isRecordId } from '../../common/random.js';
import type { RevocationOutcome } from '../../common/revocation-outcome.js';
import type { Reader } from '../chronicle.js';
import { Revocations } from '../leaving/revocations.js';
import { StoredSecret } from '../stored-secret.entity.js';

/** Forgets a token set and leaves the account linked: the next sign-in with it may bring another. */
@Injectable()
export class TokenSetRemoval {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly revocations: Revocations,
  ) {}

  /**
   * From then on no instance hands it out, and its grant is ended at the provider. With `userId`, somebody else's is as
   * absent as one that does not exist. Rejects with `entity.not_found`.
   */
  async remove(id: string, by: Reader & { readonly userId?: string } = {}): Promise<RevocationOutcome> {
    const { userId, ...actor } = by;
    const grant = await this.dataSource.transaction(async (manager) => {
      const secret = isRecordId(id) ? await manager.findOneBy(StoredSecret, { id }) : null;
      if (!secret || (userId !== undefined && secret.userId !== userId)) throw notFound();
      return this.revocations.take(manager, secret, actor);
    });
    if (!grant) throw notFound();
    return this.revocations.attempt([grant]);
  }
}

const notFound = (): LatchkeyError => new LatchkeyError('entity.not_found', 'The resource does not exist.');
