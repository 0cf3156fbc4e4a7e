import { Column, Entity, PrimaryColumn } from 'typeorm';
import { SealedFor } from '../sealing/sealed-for.js';
import { Sealed } from '../sealing/sealed.js';
import type { Binding } from '../sealing/sealer.js';

/** The key of the chain, sealed: whoever can write to the database alone cannot make a chain that verifies. One row. */
@Entity('latchkey_audit_keys')
@SealedFor(auditKeyBinding)
export class AuditKey {
  @PrimaryColumn({ type: 'integer' })
  id: number;

  @Column(() => Sealed, { prefix: false })
  sealed: Sealed;
}

/** The id of the one row. */
export const KEY_ID = 1;

export function auditKeyBinding({ id }: Pick<AuditKey, 'id'>): Binding {
  return ['audit-key', id];
}
