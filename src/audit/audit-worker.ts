import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditChain } from './audit-chain.js';

/** After something was noted or recorded: the longest that a note waits in memory, while there is a database. */
const PAUSE_MILLISECONDS = 250;
/** After a failure, and to look for what was recorded by a process that has died since. */
const SWEEP_MILLISECONDS = 5000;

/** Appends to the chain as long as the application runs. Every instance has one. */
@Injectable()
export class AuditWorker implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(AuditWorker.name);
  private timer?: NodeJS.Timeout;
  private sweep?: NodeJS.Timeout;
  private isDue = false;
  private hasFailed = false;

  constructor(
    private readonly chain: AuditChain,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  onApplicationBootstrap(): void {
    this.sweep = setInterval(() => this.schedule(), SWEEP_MILLISECONDS).unref();
    this.schedule();
  }

  /** There is something to append. */
  wake(): void {
    this.isDue = true;
    if (this.sweep && !this.hasFailed) this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (this.dataSource.isInitialized) await this.appendAll();
  }

  /** Requests that were under way have been answered meanwhile, and may have been noted. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.sweep);
    clearTimeout(this.timer);
    this.sweep = undefined;
    if (this.dataSource.isInitialized) await this.appendAll();
    const { size } = this.chain.notes;
    if (size > 0) this.logger.error(`The process ends, and ${size} notes of the audit log are lost`);
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => void this.turn(), PAUSE_MILLISECONDS).unref();
  }

  private async turn(): Promise<void> {
    this.isDue = false;
    await this.appendAll();
    this.timer = undefined;
    if (this.isDue) this.wake();
  }

  /** Says once that it fails, and once that it does no more. What waits goes on waiting. */
  private async appendAll(): Promise<void> {
    try {
      await this.chain.append();
      if (this.hasFailed) this.logger.log('The audit log is chained again');
      this.hasFailed = false;
    } catch (error) {
      if (!this.hasFailed) this.logger.error(`The audit log cannot be chained: ${String(error)}`);
      this.hasFailed = true;
    }
  }
}
