import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, LessThan, type Repository } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { LatchkeyError } from '../../common/errors.js';
import { digest, randomState, randomToken } from '../../common/random.js';
import type { AuthorizationCallback, AuthorizationRequest } from '../../connectors/connector.js';
import { splitScope } from '../../connectors/token-set.js';
import { AuthorizationTransaction, type Purpose } from './authorization-transaction.entity.js';

const LIFETIME_SECONDS = 10 * 60;
/** Expired transactions are kept for a while, so that a late callback is told what happened. */
const KEPT_AFTER_EXPIRY_SECONDS = 60 * 60;
const PENDING_PER_BROWSER = 10;
const PURGE_EVERY_SECONDS = 60;

export interface TransactionStart {
  readonly browser: string;
  readonly connectorId: string;
  readonly purpose: Purpose;
  readonly userId?: string;
  readonly redirectUri: string;
  readonly returnTo: string;
  readonly consent?: boolean;
  /** Asked for beside what the connector asks for. */
  readonly scope?: readonly string[];
  readonly userAgent?: string;
  readonly loginHint?: string;
}

/** Round trips to providers: each has its own state, nonce and code verifier, lives ten minutes and ends once. */
@Injectable()
export class AuthorizationTransactions {
  private readonly rows: Repository<AuthorizationTransaction>;
  private purgeAt = 0;

  constructor(
    @InjectDataSource() dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    this.rows = dataSource.getRepository(AuthorizationTransaction);
  }

  /**
   * Where to send the browser, by `urlOf`, and a transaction that waits for it to come back. Nothing is written when
   * there is nowhere to send it.
   */
  async begin(start: TransactionStart, urlOf: (request: AuthorizationRequest) => Promise<URL>): Promise<URL> {
    const { userAgent, loginHint, ...kept } = start;
    const { redirectUri, consent = false, userId = null, scope = [] } = kept;
    const [state, nonce, codeVerifier] = [randomState(), randomToken(), randomToken()];
    const secrets = { state, nonce, codeVerifier };
    const url = await urlOf({ ...secrets, redirectUri, consent, scope, userAgent, loginHint });
    await this.makeRoom(start.browser);
    const startedAt = this.clock.now();
    await this.rows.insert({
      ...kept,
      ...secrets,
      consent,
      userId,
      scope: scope.join(' ') || null,
      state: digest(state),
      startedAt,
      expiresAt: startedAt + LIFETIME_SECONDS,
    });
    return url;
  }

  /**
   * Ends the transaction of a callback, whatever comes of it: a second callback with the same state finds nothing,
   * on this instance or another. Rejects with `auth.state_invalid` or `auth.transaction_expired`.
   */
  async end(
    parameters: URLSearchParams,
    connectorId: string,
    browser: string | undefined,
  ): Promise<EndedTransaction> {
    const states = parameters.getAll('state');
    const transaction =
      states.length === 1 && browser !== undefined ? await this.take(states[0], browser) : undefined;
    if (transaction?.connectorId !== connectorId) {
      throw new LatchkeyError(
        'auth.state_invalid',
        'This sign-in was not started in this browser, or is finished already. Start again.',
      );
    }
    if (transaction.expiresAt <= this.clock.now()) {
      throw new LatchkeyError('auth.transaction_expired', 'The sign-in took too long. Start again.');
    }
    const { redirectUri, nonce, codeVerifier, consent } = transaction;
    const scope = splitScope(transaction.scope ?? '');
    const request = { state: states[0], redirectUri, nonce, codeVerifier, consent, scope };
    return { transaction, callback: { ...request, parameters } };
  }

  /** What the user has begun and not finished. */
  async removeOf(userId: string): Promise<void> {
    await this.rows.delete({ userId });
  }

  private async take(state: string, browser: string): Promise<AuthorizationTransaction | undefined> {
    const key = { state: digest(state), browser };
    const found = await this.rows.findOneBy(key);
    if (!found) return undefined;
    const { affected } = await this.rows.delete(key);
    return affected === 1 ? found : undefined;
  }

  /** Bounds what one browser can pile up. */
  private async makeRoom(browser: string): Promise<void> {
    const order = { startedAt: 'DESC', state: 'ASC' } as const;
    const pending = await this.rows.find({
      select: { state: true },
      where: { browser },
      order,
      skip: PENDING_PER_BROWSER - 1,
    });
    if (pending.length > 0) await this.rows.delete(pending.map(({ state }) => state));
    await this.purge();
  }

  /** Clears away what nobody came back for. */
  private async purge(): Promise<void> {
    const now = this.clock.now();
    if (now < this.purgeAt) return;
    this.purgeAt = now + PURGE_EVERY_SECONDS;
    await this.rows.delete({ expiresAt: LessThan(now - KEPT_AFTER_EXPIRY_SECONDS) });
  }
}

export interface EndedTransaction {
  readonly transaction: AuthorizationTransaction;
  readonly callback: AuthorizationCallback;
}
