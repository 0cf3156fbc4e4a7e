import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { EpochColumn } from '../../common/epoch-column.js';

/** What a round trip to a provider is for. `link` and `reauthorize` belong to the user who started them. */
export type Purpose = 'sign-in' | 'link' | 'reauthorize';

/** What is remembered between the redirect to a provider and its callback. */
@Entity('latchkey_transactions')
export class AuthorizationTransaction {
  /** SHA-256 of the state parameter, base64url. */
  @PrimaryColumn({ type: 'varchar', length: 43 })
  state: string;

  /** SHA-256 of the cookie that marks the browser, base64url. */
  @Index('latchkey_transactions_by_browser')
  @Column({ type: 'varchar', length: 43 })
  browser: string;

  /** The connector instance that was asked; `logto` for Logto. */
  @Column({ name: 'connector_id', type: 'varchar', length: 64 })
  connectorId: string;

  @Column({ type: 'varchar', length: 16 })
  purpose: Purpose;

  @Column({ name: 'user_id', type: 'varchar', length: 128, nullable: true })
  userId: string | null;

  @Column({ type: 'varchar', length: 43 })
  nonce: string;

  @Column({ name: 'code_verifier', type: 'varchar', length: 43 })
  codeVerifier: string;

  @Column({ name: 'redirect_uri', type: 'varchar', length: 2048 })
  redirectUri: string;

  /** A path of ours. */
  @Column({ name: 'return_to', type: 'varchar', length: 2048 })
  returnTo: string;

  /** Whether the provider was told to ask the person again. */
  @Column({ type: 'boolean' })
  consent: boolean;

  /** What was asked for beside what the connector asks for, space-delimited. */
  @Column({ type: 'text', nullable: true })
  scope: string | null;

  @EpochColumn('started_at')
  startedAt: number;

  @Index('latchkey_transactions_by_expiry')
  @EpochColumn('expires_at')
  expiresAt: number;
}
