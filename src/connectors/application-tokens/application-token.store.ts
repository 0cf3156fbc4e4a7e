import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, LessThanOrEqual, Not, type Repository } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { databaseTimeIn, isOver } from '../../common/database-time.js';
import { isLatchkeyError } from '../../common/errors.js';
import { digest } from '../../common/random.js';
import { Secret } from '../../common/secret.js';
import { Sealer } from '../../sealing/sealer.js';
import { ApplicationToken, bindingOf } from './application-token.entity.js';

/** Longer than a fetch can take with the time limit of the HTTP client. */
const LEASE_MILLISECONDS = 10_000;

/** An application at its provider, as one instance is configured. */
export type ApplicationTokenRow = Pick<ApplicationToken, 'connectorId' | 'credentials'>;

/** A row as it was read, and its token, where it holds one that opens. */
export interface HeldToken {
  readonly row: ApplicationToken;
  readonly token?: Secret;
}

/** What a fetch brought, and what follows from it. */
export type NewToken = Pick<ApplicationToken, 'expiresAt' | 'renewAt' | 'refused'> & {
  readonly token: Secret;
};

/** Why a fetch brought nothing. */
export type FailedFetch = Pick<ApplicationToken, 'failures' | 'failureCode' | 'retryAt'>;

/**
 * Application tokens in the database. The lease goes by the database's clock. A holder who outlasts it has the provider
 * asked once more, and still nobody writes over what another one has written.
 */
@Injectable()
export class ApplicationTokenStore {
  private readonly logger = new Logger(ApplicationTokenStore.name);
  private readonly rows: Repository<ApplicationToken>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {
    this.rows = dataSource.getRepository(ApplicationToken);
  }

  async read(id: ApplicationTokenRow): Promise<HeldToken> {
    const row = (await this.find(id)) ?? (await this.create(id));
    return { row, token: await this.open(row) };
  }

  /** Whether the owner may fetch from now on, for a while, and nobody else may. False when the row has changed. */
  async claim({ row }: HeldToken, owner: string): Promise<boolean> {
    const { connectorId, credentials, version } = row;
    const { affected } = await this.rows.update(
      { connectorId, credentials, version, leaseUntil: isOver(this.dataSource) },
      { leaseOwner: owner, leaseUntil: databaseTimeIn(this.dataSource, LEASE_MILLISECONDS) },
    );
    return affected === 1;
  }

  /** Ends the lease. False, and nothing is written, when somebody else has taken it or has written since. */
  async keep({ row }: HeldToken, owner: string, { token, ...facts }: NewToken): Promise<boolean> {
    const { connectorId, credentials, version } = row;
    const next = { connectorId, credentials, version: version + 1, ...facts };
    const sealed = await this.sealer.seal(token.reveal(), bindingOf(next));
    const { affected } = await this.rows.update(
      { connectorId, credentials, version, leaseOwner: owner },
      { ...next, ...UNTROUBLED, sealed },
    );
    if (affected === 1) await this.dropFormer(row);
    return affected === 1;
  }

  /** Ends the lease, where the owner still has it. */
  async fail({ row }: HeldToken, owner: string, failure: FailedFetch): Promise<void> {
    const { connectorId, credentials } = row;
    await this.rows.update(
      { connectorId, credentials, leaseOwner: owner },
      { ...failure, leaseOwner: null, leaseUntil: 0 },
    );
  }

  private find({ connectorId, credentials }: ApplicationTokenRow): Promise<ApplicationToken | null> {
    return this.rows.findOneBy({ connectorId, credentials });
  }

  /** Whoever comes second finds the row of the first. */
  private async create(id: ApplicationTokenRow): Promise<ApplicationToken> {
    const empty = { ...id, ...NOTHING, ...UNTROUBLED };
    await this.rows.createQueryBuilder().insert().values(empty).orIgnore().execute();
    return (await this.find(id)) ?? empty;
  }

  /** Of credentials that are no longer configured, once their token is over. */
  private async dropFormer({ connectorId, credentials }: ApplicationToken): Promise<void> {
    const over = LessThanOrEqual(this.clock.now());
    await this.rows.delete({
      connectorId,
      credentials: Not(credentials),
      expiresAt: over,
      leaseUntil: isOver(this.dataSource),
      retryAt: over,
    });
  }

  /** A token that does not open is as good as none: another one can be fetched. */
  private async open(row: ApplicationToken): Promise<Secret | undefined> {
    if (row.version === 0) return undefined;
    try {
      return new Secret(await this.sealer.open(row.sealed, bindingOf(row)));
    } catch (error) {
      if (!isLatchkeyError(error)) throw error;
      this.logger.error(`The application token of connector ${row.connectorId} does not open: ${error.code}`);
      return undefined;
    }
  }
}

/** How the row and others name a token without holding it. */
export const digestOf = (token: Secret): string => digest(token.reveal());

const NOTHING = {
  sealed: { keyId: '', wrappedKey: '', ciphertext: '' },
  version: 0,
  expiresAt: 0,
  renewAt: 0,
  refused: null,
} as const;

const UNTROUBLED = {
  leaseOwner: null,
  leaseUntil: 0,
  failures: 0,
  failureCode: null,
  retryAt: 0,
} as const;
