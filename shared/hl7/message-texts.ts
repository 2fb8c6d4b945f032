import { faultCodes, type LabFault } from '../domain/lab-fault.ts';
import { decodeText } from './charset.ts';

/** What came in one piece, taken apart into messages. */
export type Intake = {
  /** All of it, decoded. */
  readonly text: string;
  /** Each with its segments, one a string; the first begins with `MSH`. */
  readonly messages: readonly (readonly string[])[];
  /** What is wrong with the frame around the messages: a batch that is not whole, or nothing that is a message. */
  readonly faults: readonly LabFault[];
};

/** MLLP puts VT before a message and FS after it. */
const [BEFORE, AFTER] = ['\v', '\u001C'] as const;
const LINE_END = /[\r\n]+/;
const SEGMENT = /^\s*([A-Z][A-Z0-9]{2})([^A-Za-z0-9]|$)/;
const ENVELOPE = new Set(['FHS', 'BHS', 'BTS', 'FTS']);
/** Segments that stand without a field, where another such line is text. */
const MAY_BE_EMPTY = new Set(['PID', 'PV1', 'ORC', 'OBR', 'OBX', 'NTE', 'SPM', 'DSC']);

/** Takes bytes apart into messages: one, several one after another, in MLLP frames, or in a batch (FHS, BHS). */
export function splitMessages(bytes: Uint8Array): Intake {
  const messages: string[][] = [];
  const trailers: string[] = [];
  const faults: LabFault[] = [];
  const text = decodeText(bytes);
  for (const frame of text.replaceAll(BEFORE, AFTER).split(AFTER))
    readFrame(frame.split(LINE_END), { messages, trailers, faults });
  if (messages.length === 0) return { text, messages, faults: [noMessage] };
  faults.push(...trailers.flatMap((trailer, index) => batchFault(trailer, index, messages.length)));
  return { text, messages, faults };
}

type Parts = { readonly messages: string[][]; readonly trailers: string[]; readonly faults: LabFault[] };

function readFrame(lines: readonly string[], { messages, trailers, faults }: Parts): void {
  let current: string[] | undefined;
  let separator: string | undefined;
  for (const line of lines) {
    const name = segmentName(line, separator);
    if (name === 'MSH') {
      const first = line.trimStart();
      separator = first.charAt(3);
      messages.push((current = [first]));
    } else if (name !== undefined && ENVELOPE.has(name)) {
      current = separator = undefined;
      if (name === 'BTS') trailers.push(line.trimStart());
    } else if (current) append(current, line, name !== undefined);
    else if (line.trim() !== '') faults.push(outside(messages.length));
  }
}

function segmentName(line: string, separator: string | undefined): string | undefined {
  const [, name, next] = SEGMENT.exec(line) ?? [];
  if (name === undefined || (name === 'MSH' && next !== '') || ENVELOPE.has(name)) return name;
  if (next === '') return MAY_BE_EMPTY.has(name) ? name : undefined;
  return next === separator ? name : undefined;
}

/** A line that begins with no segment's name was broken off the one before it. */
function append(segments: string[], line: string, isSegment: boolean): void {
  if (isSegment) segments.push(line.trimStart());
  else if (line.trim() !== '') segments.push(`${segments.pop() ?? ''}\n${line}`);
}

const noMessage: LabFault = {
  code: faultCodes.segmentSequence,
  severity: 'error',
  place: { segment: 'MSH', occurrence: 1 },
  text: 'There is no segment MSH',
};

function outside(before: number): LabFault {
  const place = { segment: 'MSH', occurrence: before + 1 };
  return {
    code: faultCodes.segmentSequence,
    severity: 'error',
    place,
    text: 'Something stands before the segment MSH',
  };
}

/** BTS-1 counts the messages of a batch: fewer means that some were lost on the way. */
function batchFault(trailer: string, index: number, count: number): LabFault[] {
  const told = trailer.slice(4).split(trailer.charAt(3))[0] ?? '';
  if (index > 0 || !/^\d+$/.test(told) || Number(told) === count) return [];
  const place = { segment: 'BTS', occurrence: 1, field: 1 };
  return [{ code: faultCodes.other, severity: 'error', place, text: 'The batch has another number of messages' }];
}
