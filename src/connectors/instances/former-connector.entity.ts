import { Column, Entity, PrimaryColumn } from 'typeorm';
import { SealedFor } from '../../sealing/sealed-for.js';
import { SealedConnector } from './sealed-connector.js';
import { bindingOf } from './stored-connector.entity.js';

/** An instance that is gone or leads elsewhere, as it was, unopened: what was granted to it has to be ended there. */
@Entity('latchkey_former_connectors')
@SealedFor((row: FormerConnector) => bindingOf({ ...row, id: row.instanceId }))
export class FormerConnector extends SealedConnector {
  @PrimaryColumn({ type: 'varchar', length: 21 })
  id: string;

  @Column({ name: 'instance_id', type: 'varchar', length: 64 })
  instanceId: string;
}
