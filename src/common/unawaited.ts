/** Work that keeps no caller waiting, only the end of the application. */
export class Unawaited {
  private readonly underWay = new Set<Promise<unknown>>();

  /** The same work. Failures are for whoever began it to handle. */
  add<Result>(work: Promise<Result>): Promise<Result> {
    const ending = work.finally(() => this.underWay.delete(ending));
    this.underWay.add(ending);
    return ending;
  }

  /** Resolves once nothing is under way, however it ends. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }
}
