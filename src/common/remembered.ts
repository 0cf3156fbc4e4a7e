import type { Clock } from './clock.js';

export interface RememberedOptions {
  /** How long an answer is taken for the truth, from the moment when it was asked for or kept. */
  readonly milliseconds: number;
  /** How many answers are kept; the oldest goes first. */
  readonly limit: number;
}

/**
 * Answers that are worth keeping for a while, so that a hot question costs a look into memory. Whoever asks while an
 * answer is on its way waits for the same one. What is not found and what fails is not kept.
 */
export class Remembered<Value> {
  private readonly answers = new Map<string, Answer<Value>>();
  private readonly asked = new Map<string, Promise<Value | undefined>>();

  constructor(
    private readonly clock: Clock,
    private readonly options: RememberedOptions,
  ) {}

  /** What is known at this moment without waiting. */
  peek(key: string): Value | undefined {
    const known = this.answers.get(key);
    return known && known.until > this.clock.ticks() ? known.value : undefined;
  }

  get(key: string, ask: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const known = this.peek(key);
    if (known !== undefined) return Promise.resolve(known);
    return this.asked.get(key) ?? this.ask(key, ask);
  }

  /** The answer is known without asking. */
  keep(key: string, value: Value): void {
    this.asked.delete(key);
    this.write(key, value, this.clock.ticks());
  }

  /** Whoever asks from now on gets a new answer, to this question or to all, also where one is on its way. */
  forget(key?: string): void {
    for (const known of [this.answers, this.asked]) {
      if (key === undefined) known.clear();
      else known.delete(key);
    }
  }

  private ask(key: string, ask: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const askedAt = this.clock.ticks();
    const asking = ask()
      .then((value) => {
        if (value !== undefined && this.asked.get(key) === asking) this.write(key, value, askedAt);
        return value;
      })
      .finally(() => {
        if (this.asked.get(key) === asking) this.asked.delete(key);
      });
    this.asked.set(key, asking);
    return asking;
  }

  private write(key: string, value: Value, at: number): void {
    this.answers.delete(key);
    this.answers.set(key, { value, until: at + this.options.milliseconds });
    const [oldest] = this.answers.keys();
    if (this.answers.size > this.options.limit && oldest !== undefined) this.answers.delete(oldest);
  }
}

interface Answer<Value> {
  readonly value: Value;
  /** By {@link Clock.ticks}. */
  readonly until: number;
}
