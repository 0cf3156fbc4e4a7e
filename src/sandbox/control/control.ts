import type { Clock } from '../../common/clock.js';
import type { GoogleLedger } from '../google/ledger.js';
import type { LogtoDialect } from '../logto/logto.dialect.js';
import { requirePersona } from '../personas.js';
import { Faults } from './faults.js';
import { RequestCounter } from './request-counter.js';

/** What a developer or a test may do to the sandbox, in process and over HTTP alike. */
export class Control {
  readonly faults = new Faults();
  readonly requests = new RequestCounter();
  private readonly clocks: Clock[];
  private advancedSeconds = 0;

  constructor(
    private readonly clock: Clock,
    private readonly ledger: GoogleLedger,
    readonly logto: LogtoDialect,
  ) {
    this.clocks = [clock];
  }

  attach(clock: Clock): void {
    this.clocks.push(clock);
  }

  advance(seconds: number): void {
    for (const clock of this.clocks) clock.advance(seconds);
    this.advancedSeconds += seconds;
  }

  time(): { now: number; advancedSeconds: number } {
    return { now: this.clock.now(), advancedSeconds: this.advancedSeconds };
  }

  revokeGoogleGrants(personaId: string): void {
    this.ledger.revokeGrantsOf(requirePersona(personaId).id);
  }
}
