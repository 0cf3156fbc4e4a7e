import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import { Sealed } from '../../sealing/sealed.js';

/** An instance that administrators have made: its secrets sealed, the rest of its configuration in clear. */
@Entity('latchkey_connectors')
@Index('latchkey_connectors_by_target', ['target'])
export class StoredConnector {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id: string;

  /** The kind. */
  @Column({ name: 'connector_id', type: 'varchar', length: 128 })
  connectorId: string;

  /** As it was when the instance was made: accounts are known by it. */
  @Column({ type: 'varchar', length: 64 })
  target: string;

  /** JSON of the configuration as it was sent, without its secrets. Part of what the secrets are bound to. */
  @Column({ type: 'text' })
  config: string;

  /** JSON list of the names of the sealed fields. */
  @Column({ name: 'configured_secrets', type: 'text' })
  configuredSecrets: string;

  @Column(() => Sealed, { prefix: false })
  sealed: Sealed;

  /** JSON of what replaces parts of the descriptor. */
  @Column({ type: 'text' })
  metadata: string;

  @Column({ name: 'sync_profile', type: 'boolean' })
  syncProfile: boolean;

  @Column({ name: 'enable_token_storage', type: 'boolean' })
  enableTokenStorage: boolean;

  @Column({ type: 'boolean' })
  enabled: boolean;

  /** Raised by every write; a write that expects another one is refused. Part of what the secrets are bound to. */
  @Column({ type: 'integer' })
  version: number;

  @EpochColumn('created_at')
  createdAt: number;

  @EpochColumn('updated_at')
  updatedAt: number;
}
