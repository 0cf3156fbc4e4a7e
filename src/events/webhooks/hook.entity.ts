import { Column, Entity, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import { Sealed } from '../../sealing/sealed.js';
import { SealedFor } from '../../sealing/sealed-for.js';
import type { Binding } from '../../sealing/sealer.js';

/** Why nobody but the backend itself has switched a hook off. */
export type DisabledReason = 'deliveries_piled_up';

/** A webhook: where to, for which events; signing key and headers sealed. */
@Entity('latchkey_hooks')
@SealedFor(bindingOf)
export class Hook {
  @PrimaryColumn({ type: 'varchar', length: 21 })
  id: string;

  @Column({ type: 'varchar', length: 256 })
  name: string;

  /** Names, separated by spaces. */
  @Column({ type: 'text' })
  events: string;

  /** Part of what the secrets are bound to. */
  @Column({ type: 'varchar', length: 2048 })
  url: string;

  /** JSON list of the names of the sealed headers. */
  @Column({ name: 'header_names', type: 'text' })
  headerNames: string;

  @Column(() => Sealed, { prefix: false })
  sealed: Sealed;

  /** Raised whenever the secrets are sealed anew. Part of what they are bound to. */
  @Column({ type: 'integer' })
  version: number;

  @Column({ type: 'boolean' })
  enabled: boolean;

  @Column({ name: 'disabled_reason', type: 'varchar', length: 32, nullable: true })
  disabledReason: DisabledReason | null;

  /** Until when its endpoint has asked to be left alone (`Retry-After`), in seconds since the epoch. */
  @EpochColumn('paused_until')
  pausedUntil: number;

  @EpochColumn('created_at')
  createdAt: number;
}

export type BoundFacts = Pick<Hook, 'id' | 'version' | 'url'>;

/** What the secrets are bound to: with another address in the row they are of no use. */
export function bindingOf({ id, version, url }: BoundFacts): Binding {
  return ['webhook', id, version, url];
}

export const wants = ({ events }: Hook, event: string): boolean => events.split(' ').includes(event);
