import { Gauge, Registry } from 'prom-client';

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

export type Metric = { readonly name: string; readonly help: string; readonly samples: readonly Sample[] };

/** Writes metrics in the Prometheus text format, but those of which there is nothing to tell. */
export async function writeMetrics(metrics: readonly Metric[]): Promise<string> {
  const registry = new Registry();
  for (const { name, help, samples } of metrics) {
    const [first] = samples;
    if (!first) continue;
    const labelNames = Object.keys(first.labels);
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
    for (const { labels, value } of samples) gauge.set(labels, value);
  }
  return registry.metrics();
}
