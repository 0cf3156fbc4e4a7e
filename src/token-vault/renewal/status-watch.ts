import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Chronicle } from '../chronicle.js';
import { RenewalStore } from './renewal.store.js';

const PAGE = 100;

/** Tells of statuses that have changed by time alone, or of which nobody could tell yet. */
@Injectable()
export class StatusWatch {
  constructor(
    private readonly store: RenewalStore,
    private readonly chronicle: Chronicle,
    private readonly clock: Clock,
  ) {}

  /** Each change once, however many instances look. Whether more are waiting. */
  async sweep(goesOn: () => boolean): Promise<boolean> {
    const rows = await this.store.statusDue(this.clock.now(), PAGE);
    for (const secret of rows) {
      if (!goesOn()) break;
      await this.chronicle.change(secret, {}, (...write) => this.store.announce(secret, ...write));
    }
    return rows.length === PAGE;
  }
}
