/** What a suite saw of each case, for one table at its end. */
export class Verdicts {
  private readonly rows = new Map<string, { expected: string; seen: Map<string, string> }>();

  add(name: string, where: string, expected: string, seen: string): void {
    const row = this.rows.get(name) ?? { expected, seen: new Map<string, string>() };
    row.seen.set(where, seen);
    this.rows.set(name, row);
  }

  print(): void {
    const lines = [...this.rows].map(([name, { expected, seen }]) => [name, expected, summary(seen)]);
    const table = [['case', 'expected', 'seen'], ...lines];
    const widths = [0, 1].map((column) => Math.max(...table.map((line) => line[column].length)));
    const text = table.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
    process.stdout.write(`\n${text.join('\n')}\n`);
  }
}

/** Once where it is the same everywhere, with the number of places. */
function summary(seen: Map<string, string>): string {
  const different = new Set(seen.values());
  if (different.size === 1) return `${[...different].join('')} (${seen.size} of ${seen.size})`;
  return [...seen].map(([where, what]) => `${what} (${where})`).join('; ');
}
