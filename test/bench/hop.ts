export type Quantiles = { readonly p50: number; readonly p99: number };

/** Sends one thing after the other and tells, in milliseconds, how long each took to arrive. */
export type Hop = { readonly measure: (times: number) => Promise<Quantiles>; readonly stop: () => Promise<unknown> };

/** When things arrived, by their ids; whoever waits for one may come before it or after it. */
export type Arrivals = {
  readonly arrive: (id: string) => void;
  readonly of: (id: string) => Promise<number>;
};

export function createArrivals(): Arrivals {
  const awaited = new Map<string, PromiseWithResolvers<number>>();
  const arrivalOf = (id: string) => {
    const arrival = awaited.get(id) ?? Promise.withResolvers<number>();
    awaited.set(id, arrival);
    return arrival;
  };
  return {
    arrive: (id) => arrivalOf(id).resolve(performance.now()),
    async of(id) {
      const at = await arrivalOf(id).promise;
      awaited.delete(id);
      return at;
    },
  };
}

/** `send` resolves to what was sent, and when its way began. */
export async function measureInTurn(
  times: number,
  arrivals: Arrivals,
  send: () => Promise<{ readonly id: string; readonly at: number }>,
): Promise<Quantiles> {
  const durations: number[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const { id, at } = await send();
    durations.push((await arrivals.of(id)) - at);
  }
  durations.sort((one, other) => one - other);
  const quantile = (share: number) => durations[Math.floor(durations.length * share)] ?? Number.NaN;
  return { p50: quantile(0.5), p99: quantile(0.99) };
}
