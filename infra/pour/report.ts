import { printable, table } from '../dead-letters/text.ts';
import type { Told } from './answers.ts';
import type { Poured } from './pour.ts';
import type { Quarantined, Unmapped } from './set-aside.ts';

export type Counts = {
  readonly files: number;
  /** Messages by the code of their acknowledgment. */
  readonly codes: Readonly<Record<string, number>>;
  /** Files of which nothing was said: not taken over HTTP, or their senders ask for no acknowledgment. */
  readonly failed: number;
  readonly unacknowledged: number;
};

export function countPoured(poured: readonly Poured[]): Counts {
  const codes: Record<string, number> = { AA: 0, AE: 0, AR: 0 };
  for (const { code } of poured.flatMap(({ told }) => told)) codes[code] = (codes[code] ?? 0) + 1;
  const silent = poured.filter(({ told }) => told.length === 0);
  const failed = silent.filter(({ problem }) => problem !== undefined).length;
  return { files: poured.length, codes, failed, unacknowledged: silent.length - failed };
}

export function isTaken({ code }: Told): boolean {
  return code === 'AA' || code === 'CA';
}

/** Whether every message of every file was taken. */
export function isAllTaken(poured: readonly Poured[]): boolean {
  return poured.every(({ told, problem }) => problem === undefined && told.every(isTaken));
}

/** Counts, and each file that was not taken with the place of each fault. */
export function pouredText(poured: readonly Poured[], seconds: number): string {
  const { files, codes, failed, unacknowledged } = countPoured(poured);
  const rows = Object.entries(codes).map(([code, count]) => [code, String(count)]);
  if (unacknowledged > 0) rows.push(['none', `${unacknowledged}  (their senders ask for no acknowledgment)`]);
  if (failed > 0) rows.push(['failed', String(failed)]);
  const lines = [`${files} files in ${seconds.toFixed(1)} s`, '', table([], rows)];
  const refused = poured.flatMap(refusalsOf);
  return (refused.length > 0 ? [...lines, '', 'Refused:', table([], refused)] : lines).join('\n');
}

function refusalsOf({ file, told, problem }: Poured): string[][] {
  if (problem !== undefined) return [[printable(file), '', '', printable(problem)]];
  return told
    .filter((each) => !isTaken(each))
    .flatMap(({ code, controlId, faults }) =>
      (faults.length > 0 ? faults : ['']).map((fault) => [
        printable(file),
        printable(controlId),
        code,
        printable(fault),
      ]),
    );
}

/** What was taken and is shown to nobody yet, and why; with the files it came in. */
export function setAsideText(
  poured: readonly Poured[],
  { quarantined, unmapped }: { readonly quarantined: readonly Quarantined[]; readonly unmapped: readonly Unmapped[] },
): string {
  const lines: string[] = [];
  if (quarantined.length > 0) {
    const rows = quarantined.map(({ controlId, reason, details }) => [
      printable(filesOf(poured, controlId)),
      printable(controlId),
      reason,
      details.join(', '),
    ]);
    lines.push('', 'In quarantine, for somebody to look at:', table([], rows.toSorted(byCells)));
  }
  if (unmapped.length > 0) {
    const rows = unmapped.map(({ sender, system, code, display }) =>
      [sender, system, code, display ?? ''].map(printable),
    );
    lines.push(
      '',
      'Codes that results wait for, for somebody to say what they mean:',
      table([], rows.toSorted(byCells)),
    );
  }
  return lines.join('\n');
}

/** The first of them, and how many more there are. */
function filesOf(poured: readonly Poured[], controlId: string): string {
  const [first, ...others] = poured.filter(({ controlIds }) => controlIds.includes(controlId));
  if (!first) return '';
  return others.length > 0 ? `${first.file} and ${others.length} more` : first.file;
}

function byCells(one: readonly string[], other: readonly string[]): number {
  const [before, after] = [one.join('\0'), other.join('\0')];
  return before < after ? -1 : Number(before > after);
}
