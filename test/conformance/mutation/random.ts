/** Numbers that follow from a seed, and choices by them (Marsaglia's xorshift of 32 bits). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = Math.imul(seed + 1, 0x9e3779b1) | 1;
    for (let round = 0; round < 8; round += 1) this.below(1);
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)];
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}
