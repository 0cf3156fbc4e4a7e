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
