import type { Outcome } from './bench.ts';

const WIDTHS = [52, 13, 13, 12, 8, 10] as const;

export function heading(area: string): string {
  return `\n${row([area, 'ours', 'floor', 'unit', 'ratio', 'target'])}\n${'-'.repeat(116)}`;
}

export function line({ name, ours, floor, unit, ratio, target = '', met }: Outcome): string {
  const verdict = met === undefined ? '' : met ? 'met' : 'MISSED';
  return `${row([name, figure(ours), figure(floor), unit, ratio.toFixed(3), target])}${verdict}`;
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, column) => {
      const width = WIDTHS[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    })
    .join('')
    .concat('  ');
}

function figure(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 1_000 ? 1 : 0 });
}
