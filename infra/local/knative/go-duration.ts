const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The length of a duration as Go writes it ("1m30s"), in milliseconds; `NaN` where it is none. */
export function goDurationMs(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return text === '0' ? 0 : NaN;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g);
  return [...parts].reduce((total, [, amount, unit = '']) => total + Number(amount) * (unitMs[unit] ?? NaN), 0);
}
