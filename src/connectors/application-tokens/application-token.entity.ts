import { Column, Entity, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import type { ErrorCode } from '../../common/errors.js';
import { Sealed } from '../../sealing/sealed.js';
import { SealedFor } from '../../sealing/sealed-for.js';
import type { Binding } from '../../sealing/sealer.js';

/** The token of an application at its provider, sealed, and who is fetching it at the moment. */
@Entity('latchkey_application_tokens')
@SealedFor(bindingOf)
export class ApplicationToken {
  @PrimaryColumn({ name: 'connector_id', type: 'varchar', length: 64 })
  connectorId: string;

  /** Digest of what the token is granted for: other credentials are another row. */
  @PrimaryColumn({ type: 'varchar', length: 43 })
  credentials: string;

  /** Empty while {@link version} is 0. */
  @Column(() => Sealed, { prefix: false })
  sealed: Sealed;

  /** Raised by each write of the sealed token, and bound into it. */
  @Column({ type: 'integer' })
  version: number;

  @EpochColumn('expires_at')
  expiresAt: number;

  /** From when on the token is fetched anew, although it is still good. */
  @EpochColumn('renew_at')
  renewAt: number;

  /** Digest of the last token that the provider had refused before its time. */
  @Column({ type: 'varchar', length: 43, nullable: true })
  refused: string | null;

  /** Who is fetching, and until when nobody else does, in milliseconds by the database's clock; 0 is nobody. */
  @Column({ name: 'lease_owner', type: 'varchar', length: 21, nullable: true })
  leaseOwner: string | null;

  @EpochColumn('lease_until')
  leaseUntil: number;

  /** Attempts that failed in a row, why the last one did, and when the next one may be made. */
  @Column({ type: 'integer' })
  failures: number;

  @Column({ name: 'failure_code', type: 'varchar', length: 64, nullable: true })
  failureCode: ErrorCode | null;

  @EpochColumn('retry_at')
  retryAt: number;
}

type BoundFacts = Pick<
  ApplicationToken,
  'connectorId' | 'credentials' | 'version' | 'expiresAt' | 'renewAt' | 'refused'
>;

/** What the token is bound to. */
export function bindingOf(facts: BoundFacts): Binding {
  return [
    'application-token',
    facts.connectorId,
    facts.credentials,
    facts.version,
    facts.expiresAt,
    facts.renewAt,
    facts.refused,
  ];
}
