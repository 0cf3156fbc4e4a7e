import { Column } from 'typeorm';
import { Sealed } from '../../sealing/sealed.js';

/** The configuration of an instance: its secrets sealed, the rest in clear. */
export abstract class SealedConnector {
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

  /** Raised by every write; a write that expects another one is refused. Part of what the secrets are bound to. */
  @Column({ type: 'integer' })
  version: number;
}
