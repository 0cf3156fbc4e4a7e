import type { Clock } from '../../common/clock.js';
import type { Dialect } from '../dialect.js';
import type { Dialects } from '../dialects.js';
import type { LogtoDialect } from '../logto/logto.dialect.js';
import { type ProviderId, providerIds } from '../pages/providers.js';
import { requirePersona } from '../personas.js';
import type { ProviderClock } from '../provider-clock.js';
import { Faults } from './faults.js';
import { RequestCounter } from './request-counter.js';

/** What a developer or a test may do to the sandbox, in process and over HTTP alike. */
export class Control {
  readonly faults = new Faults();
  readonly requests = new RequestCounter();
  private readonly clocks: Clock[];
  private advancedSeconds = 0;

  constructor(
    private readonly clock: ProviderClock,
    readonly dialects: Dialects,
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

  skewClocks(seconds: number): void {
    this.clock.skew(seconds);
  }

  time(): { now: number; advancedSeconds: number } {
    return { now: this.clock.now(), advancedSeconds: this.advancedSeconds };
  }

  /** Logto first, in the order of {@link providerIds}. */
  get providers(): readonly (readonly [ProviderId, Dialect])[] {
    const dialects: Partial<Record<ProviderId, Dialect>> = { logto: this.logto, ...this.dialects };
    return providerIds.flatMap((id) => {
      const dialect = dialects[id];
      return dialect === undefined ? [] : [[id, dialect] as const];
    });
  }

  /** Those where a person can take back what was allowed. */
  get revocable(): readonly ProviderId[] {
    return this.providers.filter(([, dialect]) => dialect.revokeGrantsOf !== undefined).map(([id]) => id);
  }

  revokeGrants(provider: ProviderId, personaId: string): void {
    const { id } = requirePersona(personaId);
    const dialect = this.providers.find(([known]) => known === provider)?.[1];
    if (dialect?.revokeGrantsOf === undefined)
      throw new RangeError(`Nobody revokes grants at "${provider}".`);
    dialect.revokeGrantsOf(id);
  }
}
