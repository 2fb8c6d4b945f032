import type { Hl7Segment } from '@medplum/core';

import { faultCodes, type FaultCode, type LabFault } from '../domain/lab-fault.ts';
import { type LabTime } from '../domain/lab-time.ts';
import { type Separators, unescape } from './escapes.ts';
import { type Clock, parseTime } from './times.ts';

/** What reading a message needs beside its segments. */
export type Reading = {
  readonly separators: Separators;
  readonly clock: Clock;
  /** What was found so far. */
  readonly faults: LabFault[];
};

/** A segment under its place in the message. Fields, repetitions, components and subcomponents count from 1. */
export type Segment = {
  readonly name: string;
  readonly occurrence: number;
  readonly fields: Hl7Segment;
  /** Each field as it is written, by its number. */
  readonly written: readonly string[];
  readonly reading: Reading;
};

export type Position = { readonly repetition?: number; readonly component?: number };

/** What HL7 writes for "delete what you have": a value that is none. */
const NULL = '""';

/** The text of a component without its escapes; empty where there is none. */
export function componentAt(segment: Segment, field: number, component = 1, repetition = 1): string {
  const raw = rawComponent(segment, field, component, repetition);
  return raw === '' || raw === NULL ? '' : unescape(raw, segment.reading.separators).trim();
}

/** A component whose white space means something: text, as it was written. */
export function textAt(segment: Segment, field: number, component = 1, repetition = 1): string {
  const raw = rawComponent(segment, field, component, repetition);
  return raw === NULL ? '' : unescape(raw, segment.reading.separators);
}

/** Subcomponents of a component without their escapes. */
export function subcomponentsAt(segment: Segment, field: number, component: number, repetition = 1): string[] {
  const { separators } = segment.reading;
  return rawComponent(segment, field, component, repetition)
    .split(separators.subcomponent)
    .map((part) => (part === NULL ? '' : unescape(part, separators).trim()));
}

/** Components of a repetition without their escapes. */
export function componentsAt(segment: Segment, field: number, repetition = 1): string[] {
  const count = fieldAt(segment, field)[repetition - 1]?.length ?? 0;
  return Array.from({ length: count }, (_, index) => componentAt(segment, field, index + 1, repetition));
}

/** How often a field is given: 0 where it is empty. */
export function repetitionsAt(segment: Segment, field: number): number {
  const given = fieldAt(segment, field);
  return given.length === 1 && given[0]?.every((part) => part === '' || part === NULL) ? 0 : given.length;
}

/** What each repetition of a field means; those that mean nothing are left out. */
export function eachRepetition<Meaning>(
  segment: Segment,
  field: number,
  read: (repetition: number) => Meaning | undefined,
): Meaning[] {
  const meanings: Meaning[] = [];
  for (let repetition = 1; repetition <= repetitionsAt(segment, field); repetition += 1) {
    const meaning = read(repetition);
    if (meaning !== undefined) meanings.push(meaning);
  }
  return meanings;
}

/** A time; a fault where something else is written. */
export function timeAt(
  segment: Segment,
  field: number,
  severity: LabFault['severity'] = 'warning',
): LabTime | undefined {
  const written = componentAt(segment, field);
  if (written === '') return undefined;
  const time = parseTime(written, segment.reading.clock);
  if (time === undefined) report(segment, field, { severity, code: faultCodes.dataType, text: 'This is no time' });
  return time;
}

/** Notes a fault at a field of the segment. */
export function report(
  { name, occurrence, reading }: Segment,
  field: number | undefined,
  fault: { readonly code: FaultCode; readonly severity: LabFault['severity']; readonly text: string } & Position,
): void {
  const { repetition, component, ...rest } = fault;
  reading.faults.push({
    ...rest,
    place: {
      segment: name,
      occurrence,
      ...(field !== undefined && { field }),
      ...(repetition !== undefined && { repetition }),
      ...(component !== undefined && { component }),
    },
  });
}

const EMPTY: readonly (readonly string[])[] = [];

/** The components of each repetition. A field that is empty, as most are, is not taken apart. */
export function fieldAt({ fields, written }: Segment, field: number): readonly (readonly string[])[] {
  return written[field] ? fields.getField(field).components : EMPTY;
}

function rawComponent(segment: Segment, field: number, component: number, repetition: number): string {
  return fieldAt(segment, field)[repetition - 1]?.[component - 1] ?? '';
}
