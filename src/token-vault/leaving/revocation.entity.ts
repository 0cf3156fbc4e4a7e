import { Column, Entity, Index } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import type { OutboxRow } from '../../common/outbox/outbox-row.js';
import { SealedFor } from '../../sealing/sealed-for.js';
import { SealedTokenSet } from '../sealed-token-set.js';
import { bindingOf } from '../token-set.binding.js';

/**
 * A grant that is held no longer and still has to be ended at its provider. The token set is that of the vault, moved
 * here unopened; nothing of it is left once nobody tries any more.
 */
@Entity('latchkey_revocations')
@Index('latchkey_revocations_by_due', ['dueAt'])
@Index('latchkey_revocations_by_connector', ['connectorId'])
@SealedFor(bindingOf)
export class Revocation extends SealedTokenSet implements OutboxRow {
  @EpochColumn('due_at', { nullable: true })
  dueAt: number | null;

  @Column({ type: 'integer' })
  attempts: number;

  @Column({ name: 'last_error', type: 'varchar', length: 64, nullable: true })
  lastError: string | null;

  @EpochColumn('created_at')
  createdAt: number;

  /** The instance as it was, where it is gone or leads elsewhere since. */
  @Index('latchkey_revocations_by_former_connector')
  @Column({ name: 'former_connector_id', type: 'varchar', length: 21, nullable: true })
  formerConnectorId: string | null;
}
