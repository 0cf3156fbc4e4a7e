import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import { SealedFor } from '../../sealing/sealed-for.js';
import type { Binding } from '../../sealing/sealer.js';
import { SealedConnector } from './sealed-connector.js';

/** An instance that administrators have made. */
@Entity('latchkey_connectors')
@Index('latchkey_connectors_by_target', ['target'])
@SealedFor(bindingOf)
export class StoredConnector extends SealedConnector {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id: string;

  @Column({ name: 'sync_profile', type: 'boolean' })
  syncProfile: boolean;

  @Column({ name: 'enable_token_storage', type: 'boolean' })
  enableTokenStorage: boolean;

  @Column({ type: 'boolean' })
  enabled: boolean;

  @EpochColumn('created_at')
  createdAt: number;

  @EpochColumn('updated_at')
  updatedAt: number;
}

export type BoundColumns = Pick<StoredConnector, 'id' | 'connectorId' | 'target' | 'version' | 'config'>;

/** What the secrets are bound to: the rest of their configuration among it. */
export function bindingOf({ id, connectorId, target, version, config }: BoundColumns): Binding {
  return ['connector-config', id, connectorId, target, version, config];
}
