import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';
import { SealedFor } from '../../sealing/sealed-for.js';
import type { Binding } from '../../sealing/sealer.js';

/** `spent`: its code is at the provider, or was refused there; only `verified` is good for anything. */
export type RecordPhase = 'pending' | 'spent' | 'verified';

/**
 * A round trip to a provider that a program conducts: what is remembered until the callback's parameters are handed in,
 * and then who came back, until that is used. Those of the Management API have neither user nor session.
 */
@Entity('latchkey_verification_records')
@SealedFor(bindingOf)
export class VerificationRecord {
  @PrimaryColumn({ type: 'varchar', length: 21 })
  id: string;

  @Column({ name: 'user_id', type: 'varchar', length: 128, nullable: true })
  userId: string | null;

  @Index('latchkey_verification_records_by_session')
  @Column({ name: 'session_id', type: 'varchar', length: 21, nullable: true })
  sessionId: string | null;

  @Column({ name: 'connector_id', type: 'varchar', length: 64 })
  connectorId: string;

  /** SHA-256 of the state parameter, base64url. */
  @Index('latchkey_verification_records_by_state')
  @Column({ type: 'varchar', length: 43 })
  state: string;

  @Column({ type: 'varchar', length: 43 })
  nonce: string;

  @Column({ name: 'code_verifier', type: 'varchar', length: 43 })
  codeVerifier: string;

  @Column({ name: 'redirect_uri', type: 'varchar', length: 2048 })
  redirectUri: string;

  /** What was asked for beside what the connector asks for, space-delimited. */
  @Column({ type: 'text', nullable: true })
  scope: string | null;

  @Column({ type: 'varchar', length: 16 })
  phase: RecordPhase;

  /** Who came back and what was granted, sealed; null until then. */
  @Column({ name: 'key_id', type: 'varchar', length: 64, nullable: true })
  keyId: string | null;

  @Column({ name: 'wrapped_key', type: 'text', nullable: true })
  wrappedKey: string | null;

  @Column({ type: 'text', nullable: true })
  ciphertext: string | null;

  @Index('latchkey_verification_records_by_expiry')
  @EpochColumn('expires_at')
  expiresAt: number;
}

type BoundFacts = Pick<VerificationRecord, 'id' | 'userId' | 'sessionId' | 'connectorId'>;

/** A sealed record opens only as itself, for the session that began it. */
export function bindingOf({ id, userId, sessionId, connectorId }: BoundFacts): Binding {
  return ['verification-record', id, userId, sessionId, connectorId];
}
