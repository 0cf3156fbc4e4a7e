/** One action per key at a time, in the order of asking, whatever becomes of the one before. */
export class KeyedTurns {
  private readonly last = new Map<string, Promise<void>>();

  async run<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    const turn = (this.last.get(key) ?? Promise.resolve()).then(action);
    const over = turn.then(
      () => undefined,
      () => undefined,
    );
    this.last.set(key, over);
    try {
      return await turn;
    } finally {
      if (this.last.get(key) === over) this.last.delete(key);
    }
  }
}
