/**
 * Runs one action per key at a time, and so many at a time altogether. The others wait, and have their turns in the order
 * in which they came; whoever has had one and comes again comes last. Actions do not reject.
 */
export class Lanes {
  private readonly waiting = new Set<string>();
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly limit: number,
    private readonly action: (key: string) => Promise<void>,
  ) {}

  enter(keys: readonly string[]): void {
    for (const key of keys) if (!this.running.has(key)) this.waiting.add(key);
    this.proceed();
  }

  /** Resolves once nobody waits or runs any more. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }

  private proceed(): void {
    for (const key of this.waiting) {
      if (this.running.size >= this.limit) return;
      this.waiting.delete(key);
      this.running.set(key, this.run(key));
    }
  }

  private async run(key: string): Promise<void> {
    await this.action(key);
    this.running.delete(key);
    this.proceed();
  }
}
