import { median } from './bench.ts';

type Operation = (turn: number) => Promise<unknown>;

/** The median duration, in microseconds, of operations done one after the other; what is done before each is not counted. */
export async function latencyUs(operation: Operation, times: number, before?: Operation): Promise<number> {
  return median(await durationsMs(operation, times, before)) * 1_000;
}

/** What 95 of 100 operations done one after the other take at most, in milliseconds. */
export async function p95Ms(operation: Operation, times: number): Promise<number> {
  const durations = await durationsMs(operation, times);
  return durations.toSorted((one, other) => one - other)[Math.floor(times * 0.95)] ?? Number.NaN;
}

async function durationsMs(operation: Operation, times: number, before?: Operation): Promise<number[]> {
  const durations: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    await before?.(turn);
    const startedAt = performance.now();
    await operation(turn);
    durations.push(performance.now() - startedAt);
  }
  return durations;
}

/** Operations per second with so many under way at a time. */
export async function ratePerSecond(
  operation: Operation,
  { times, inFlight }: { readonly times: number; readonly inFlight: number },
): Promise<number> {
  let next = 0;
  const lane = async () => {
    while (next < times) await operation(next++);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return times / ((performance.now() - startedAt) / 1_000);
}

export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}
