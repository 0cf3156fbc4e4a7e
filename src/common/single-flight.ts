import { systemTicks } from './clock.js';

/** Runs one action per key at a time: whoever asks meanwhile gets the same promise. */
export class SingleFlight<Result> {
  private readonly inFlight = new Map<string, Promise<Result>>();

  run(key: string, action: () => Promise<Result>): Promise<Result> {
    const running = this.inFlight.get(key);
    if (running) return running;
    const started = action().finally(() => this.inFlight.delete(key));
    this.inFlight.set(key, started);
    return started;
  }

  /** Resolves once nothing is in flight that was when this was called, however it ends. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.inFlight.values());
  }
}

/**
 * Runs one action per key at a time, too, but what a caller gets is never older than its question: whoever asks meanwhile
 * shares the next flight, which begins when the present one has ended, however it ends. One that does not come to an end
 * holds up nobody who asks a quarter of a second after it began.
 */
export class NextFlight<Result> {
  private readonly flights = new Map<string, Flight<Result>>();

  run(key: string, action: () => Promise<Result>): Promise<Result> {
    const present = this.flights.get(key);
    if (!present || systemTicks() - present.begunAt > LONGEST_WAIT_MILLISECONDS)
      return this.depart(key, action);
    const depart = (): Promise<Result> => this.depart(key, action);
    return (present.next ??= present.result.then(depart, depart));
  }

  private depart(key: string, action: () => Promise<Result>): Promise<Result> {
    const result = action();
    const flight: Flight<Result> = { result, begunAt: systemTicks() };
    this.flights.set(key, flight);
    const land = (): void => {
      if (!flight.next && this.flights.get(key) === flight) this.flights.delete(key);
    };
    result.then(land, land);
    return result;
  }
}

const LONGEST_WAIT_MILLISECONDS = 250;

interface Flight<Result> {
  readonly result: Promise<Result>;
  /** By {@link systemTicks}. */
  readonly begunAt: number;
  next?: Promise<Result>;
}
