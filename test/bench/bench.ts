/** Measures once and answers one figure in the comparison's unit. */
export type Measure = () => Promise<number> | number;

export type Comparison = {
  readonly unit: string;
  readonly ours: Measure;
  /** What the machine itself can do, or what is asked of it: the figure that ours is divided by. */
  readonly floor: Measure;
  /** Each measures both, in turns as to which goes first. */
  readonly rounds?: number;
  /** What the ratio has to reach. */
  readonly target?: { readonly atMost: number } | { readonly atLeast: number };
};

/** Medians over the rounds; `ratio` is the median of the rounds' own ratios, which a slow round does not distort. */
export type Outcome = {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly floor: number;
  readonly ratio: number;
  readonly rounds: number;
  readonly target: string | undefined;
  readonly met: boolean | undefined;
};

/** Lent to each area: runs a comparison and reports it. */
export type Bench = (name: string, comparison: Comparison) => Promise<Outcome>;

export type Options = {
  /** How many bookings there were before; not compared unless given, for it takes minutes to make them. */
  readonly rows?: number;
};

/** What a file `<area>.bench.ts` exports as `run`. It starts what it needs and stops it. */
export type Area = (bench: Bench, options: Options) => Promise<void>;

export async function compare(name: string, comparison: Comparison): Promise<Outcome> {
  const { unit, rounds = 7, target } = comparison;
  const pairs: { ours: number; floor: number }[] = [];
  for (let round = 0; round < rounds; round += 1) pairs.push(await measurePair(comparison, round % 2 === 0));
  const ratio = median(pairs.map(({ ours, floor }) => ours / floor));
  return {
    name,
    unit,
    ours: median(pairs.map(({ ours }) => ours)),
    floor: median(pairs.map(({ floor }) => floor)),
    ratio,
    rounds,
    target: target && ('atMost' in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`),
    met: target && ('atMost' in target ? ratio <= target.atMost : ratio >= target.atLeast),
  };
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const [below = Number.NaN, above = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? above : (below + above) / 2;
}

async function measurePair({ ours, floor }: Comparison, oursFirst: boolean): Promise<{ ours: number; floor: number }> {
  if (oursFirst) return { ours: await ours(), floor: await floor() };
  const figure = await floor();
  return { ours: await ours(), floor: figure };
}
