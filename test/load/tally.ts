export type Operation = 'read availability' | 'book' | 'cancel' | 'reschedule';

type Figures = { readonly durationsMs: number[]; readonly statuses: Map<string, number>; retries: number };

/** What became of the requests of a run, by operation. */
export type Tally = {
  /** An attempt; without a status where nothing was answered. */
  attempted(operation: Operation, status: number | undefined): void;
  /** An operation from its first attempt to the answer that ended it. */
  ended(operation: Operation, durationMs: number, attempts: number): void;
  lines(): string[];
};

export function createTally(): Tally {
  const byOperation = new Map<Operation, Figures>();
  const figuresOf = (operation: Operation): Figures => {
    const known = byOperation.get(operation) ?? { durationsMs: [], statuses: new Map(), retries: 0 };
    byOperation.set(operation, known);
    return known;
  };
  return {
    attempted(operation, status) {
      const { statuses } = figuresOf(operation);
      const name = status === undefined ? 'no answer' : String(status);
      statuses.set(name, (statuses.get(name) ?? 0) + 1);
    },
    ended(operation, durationMs, attempts) {
      const figures = figuresOf(operation);
      figures.durationsMs.push(durationMs);
      figures.retries += attempts - 1;
    },
    lines: () => [HEAD, ...[...byOperation].map(([operation, figures]) => lineOf(operation, figures))],
  };
}

const HEAD = row(['operation', 'count', 'p50 ms', 'p95 ms', 'p99 ms', 'retries', 'answers']);

function lineOf(operation: Operation, { durationsMs, statuses, retries }: Figures): string {
  const sorted = durationsMs.toSorted((one, other) => one - other);
  const quantiles = [0.5, 0.95, 0.99].map((part) => quantile(sorted, part).toFixed(1));
  const answers = [...statuses].toSorted(([one], [other]) => one.localeCompare(other));
  const told = answers.map(([status, count]) => `${status}: ${count}`).join(', ');
  return row([operation, String(sorted.length), ...quantiles, String(retries), told]);
}

/** Of values in ascending order; 0 where there is none. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function row([name = '', ...cells]: readonly string[]): string {
  const last = cells.pop() ?? '';
  return `${name.padEnd(18)}${cells.map((cell) => cell.padStart(9)).join('')}   ${last}`;
}
