import type { Clock } from './clock.js';

export interface RememberedOptions {
  /** How long an answer is taken for the truth, from the moment when it was asked for. */
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

  constructor(
    private readonly clock: Clock,
    private readonly options: RememberedOptions,
  ) {}

  get(key: string, ask: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const known = this.answers.get(key);
    return known && known.until > this.clock.ticks() ? known.value : this.keep(key, ask());
  }

  /** What is known at this moment without waiting. */
  peek(key: string): Value | undefined {
    const known = this.answers.get(key);
    return known && known.until > this.clock.ticks() ? known.found : undefined;
  }

  /** Whoever asks from now on gets a new answer, to this question or to all, also where one is on its way. */
  forget(key?: string): void {
    if (key === undefined) this.answers.clear();
    else this.answers.delete(key);
  }

  private keep(key: string, value: Answer<Value>['value']): Answer<Value>['value'] {
    const answer: Answer<Value> = { value, until: this.clock.ticks() + this.options.milliseconds };
    this.answers.delete(key);
    this.answers.set(key, answer);
    if (this.answers.size > this.options.limit) this.answers.delete(oldestOf(this.answers));
    const drop = () => void (this.answers.get(key) === answer && this.answers.delete(key));
    value.then((found) => (found === undefined ? drop() : (answer.found = found)), drop);
    return value;
  }
}

interface Answer<Value> {
  readonly value: Promise<Value | undefined>;
  /** The value, once it is there. */
  found?: Value;
  /** By {@link Clock.ticks}. */
  readonly until: number;
}

const oldestOf = (answers: ReadonlyMap<string, unknown>): string => answers.keys().next().value as string;
