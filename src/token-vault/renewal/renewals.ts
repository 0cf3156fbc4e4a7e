import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { isLatchkeyError } from '../../common/errors.js';
import { inParallel } from '../../common/in-parallel.js';
import { ConnectorRegistry, type ConfiguredConnector } from '../../connectors/connector.registry.js';
import { Circuits } from '../circuits.js';
import { Refresher } from '../refresher.js';
import { TOKEN_VAULT_OPTIONS, type TokenVaultModuleOptions } from '../token-vault.options.js';
import { RenewalBudget } from './renewal-budget.js';
import { RenewalSchedule } from './renewal-schedule.js';
import { renewalSettings } from './renewal.options.js';
import { RenewalStore, type DueSecret } from './renewal.store.js';

const DAY_SECONDS = 24 * 60 * 60;
/** Rows that are looked at together, those included that nobody uses. */
const LEAST_PAGE = 50;
/** For how long one is left alone about which nothing could be done. */
const PUT_OFF_SECONDS = 5 * 60;

/**
 * Renews the token sets that are due, as fast as each connector's budget allows, through the {@link Refresher}: lease,
 * journal, back-off and circuit hold here too, so that nothing is lost when two instances do this at the same time.
 */
@Injectable()
export class Renewals {
  private readonly logger = new Logger(Renewals.name);
  private readonly settings;
  private readonly budgets = new Map<string, RenewalBudget>();

  constructor(
    @Inject(TOKEN_VAULT_OPTIONS) { renewal }: TokenVaultModuleOptions,
    private readonly store: RenewalStore,
    private readonly refresher: Refresher,
    private readonly connectors: ConnectorRegistry,
    private readonly circuits: Circuits,
    private readonly schedule: RenewalSchedule,
    private readonly clock: Clock,
  ) {
    this.settings = renewalSettings(renewal);
  }

  /** As many as may be renewed at this moment. Whether more are waiting. */
  async sweep(goesOn: () => boolean): Promise<boolean> {
    if (!this.settings) return false;
    const all = await this.connectors.everyone();
    const lanes = all.filter(({ connector }) => connector.refresh !== undefined);
    const waiting = await Promise.all(lanes.map((lane) => this.sweepLane(lane, goesOn)));
    return waiting.some(Boolean);
  }

  private async sweepLane({ instance }: ConfiguredConnector, goesOn: () => boolean): Promise<boolean> {
    const budget = this.budgetOf(instance.id);
    const allowed = Math.min(budget.available(this.clock.ticks()), this.circuits.room(instance.id));
    if (allowed === 0) return true;
    const now = this.clock.now();
    const limit = Math.max(allowed, LEAST_PAGE);
    const rows = await this.store.due(instance.id, now, limit);
    const wanted = rows.filter((row) => this.isInUse(row, now));
    for (const { id } of rows.filter((row) => !wanted.includes(row)))
      await this.store.postpone(id, now, null);
    const ids = wanted.slice(0, allowed).map(({ id }) => id);
    budget.spend(ids.length);
    await inParallel(ids, this.settings?.parallel ?? 1, async (id) => {
      if (goesOn() && this.circuits.room(instance.id) > 0) await this.renew(id, budget);
    });
    const isTold = goesOn() && this.circuits.room(instance.id) === Infinity;
    if (isTold && ids.length > 0) await this.putOff(ids, now);
    return ids.length < wanted.length || rows.length === limit;
  }

  /** The refresher has told what it did; here only the pace is judged. */
  private async renew(id: string, budget: RenewalBudget): Promise<void> {
    try {
      await this.refresher.refresh({ id }, { isDue: true });
    } catch (error) {
      if (!isLatchkeyError(error) || error.code.startsWith('vault.'))
        this.logger.warn(
          `Secret ${id} could not be renewed: ${isLatchkeyError(error) ? error.code : String(error)}`,
        );
      else if (error.code === 'connector.rate_limited')
        budget.slowDown(this.clock.ticks(), error.retryAfterSeconds);
    }
  }

  /** Whatever is the matter with those that are due all the same, others are not to wait for them. */
  private async putOff(ids: readonly string[], now: number): Promise<void> {
    for (const secret of await this.store.stillDue(ids, now)) {
      const next = this.schedule.renewAtOf(secret);
      const isLater = next === null || next > now;
      await this.store.postpone(secret.id, now, isLater ? next : now + PUT_OFF_SECONDS);
    }
  }

  private isInUse({ lastUsedAt, firstStoredAt }: DueSecret, now: number): boolean {
    const days = this.settings?.usedWithinDays ?? 0;
    return now - (lastUsedAt ?? firstStoredAt) <= days * DAY_SECONDS;
  }

  private budgetOf(connectorId: string): RenewalBudget {
    const budget = this.budgets.get(connectorId) ?? new RenewalBudget(this.settings?.perSecond ?? 0);
    this.budgets.set(connectorId, budget);
    return budget;
  }
}
