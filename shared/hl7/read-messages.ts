import type { Hl7Message, Hl7Segment } from '@medplum/core';

import { faultCodes, type LabFault } from '../domain/lab-fault.ts';
import type { LabMessage, LabReport } from '../domain/lab-report.ts';
import { MOST_OBSERVATIONS, MOST_REPORTS } from '../domain/lab-size.ts';
import { groupOrders, type OrderGroup } from './groups.ts';
import { type Hl7Header, isRejection, offsetOfMessage, ONLY_PRODUCTION, openMessage, readHeader } from './header.ts';
import { splitMessages } from './message-texts.ts';
import { type OrderOccurrences, readReport } from './report.ts';
import { type Reading, report, type Segment } from './segment.ts';

/** A message as it came, its segments ended by CR; all that came where the fault is in what is around the messages. */
type Text = { readonly text: string };

export type ParsedMessage = Text & {
  readonly outcome: 'parsed';
  readonly header: Hl7Header;
  readonly message: LabMessage;
};

export type RefusedMessage = Text & {
  /** `rejected` is for MSH-9, MSH-11 and MSH-12: it is not our kind of message, whatever it says. */
  readonly outcome: 'refused' | 'rejected';
  /** Absent where there is no MSH that can be read. */
  readonly header?: Hl7Header;
  readonly faults: readonly LabFault[];
};

export type ReadMessage = ParsedMessage | RefusedMessage;

export type ReadOptions = {
  /** IANA; where times without an offset are meant. */
  readonly timeZone: string;
  /** HL7 table 0103: what messages may be for; production alone where it is not said. */
  readonly processingIds?: ReadonlySet<string>;
};

/**
 * Reads ORU^R01 messages of HL7 v2.3 to v2.8. Never throws: what cannot be read is refused with the place of each fault; first
 * what is around the messages.
 */
export function readMessages(bytes: Uint8Array, options: ReadOptions): ReadMessage[] {
  const { text, messages, faults } = splitMessages(bytes);
  const read = messages.map((segments) => readMessage(segments, options));
  return faults.length > 0 ? [{ outcome: 'refused', faults, text }, ...read] : read;
}

function readMessage(
  segments: readonly string[],
  { timeZone, processingIds = ONLY_PRODUCTION }: ReadOptions,
): ReadMessage {
  const text = segments.join('\r');
  const opened = openMessage(segments);
  if ('code' in opened) return { outcome: 'refused', faults: [opened], text };
  const { message, separators } = opened;
  const clock = { timeZone, offset: offsetOfMessage(message), offsets: new Map<string, string>() };
  const reading: Reading = { separators, clock, faults: [] };
  const all = numberSegments(message, reading);
  const [msh] = all;
  if (!msh) return { outcome: 'refused', faults: reading.faults, text };
  const header = readHeader(msh, processingIds);
  if (reading.faults.some(isRejection)) return { outcome: 'rejected', header, faults: errorsOf(reading), text };
  const reports = readReports(all, header.version, reading);
  const errors = errorsOf(reading);
  if (errors.length > 0) return { outcome: 'refused', header, faults: errors, text };
  return { outcome: 'parsed', header, message: toMessage(header, reports, reading), text };
}

function toMessage(header: Hl7Header, reports: readonly LabReport[], { faults }: Reading): LabMessage {
  const { sender, controlId, sentAt } = header;
  return { sender, controlId, ...(sentAt !== undefined && { sentAt }), reports, warnings: faults };
}

function numberSegments(message: Hl7Message, reading: Reading): Segment[] {
  const met = new Map<string, number>();
  return message.segments.map((fields) => {
    const { name } = fields;
    const occurrence = (met.get(name) ?? 0) + 1;
    met.set(name, occurrence);
    return { name, occurrence, fields, written: fieldsOf(fields, reading), reading };
  });
}

/** MSH-1 is the separator itself, which parts nothing. */
function fieldsOf(segment: Hl7Segment, { separators: { field } }: Reading): string[] {
  const written = segment.toString().split(field);
  return segment.name === 'MSH' ? ['MSH', field, ...written.slice(1)] : written;
}

function readReports(segments: readonly Segment[], version: string, { faults }: Reading): LabReport[] {
  const groups = groupOrders(segments, version);
  const orders: OrderOccurrences = new Map();
  if (groups.length === 0 && !faults.some(({ severity }) => severity === 'error'))
    faults.push({
      code: faultCodes.segmentSequence,
      severity: 'error',
      place: { segment: 'OBR', occurrence: 1 },
      text: 'The message reports nothing: it has no segment OBR',
    });
  if (isTooMuch(groups)) return [];
  return groups.flatMap((group) => readReport(group, orders) ?? []);
}

/** Whether there are too many reports, or results in one of them: the first that is too many is refused. */
function isTooMuch(groups: readonly OrderGroup[]): boolean {
  const tooMany = [
    groups[MOST_REPORTS]?.obr,
    ...groups.map(({ observations }) => observations[MOST_OBSERVATIONS]?.obx),
  ].find((segment) => segment !== undefined);
  if (!tooMany) return false;
  report(tooMany, undefined, { code: faultCodes.tooLong, severity: 'error', text: 'This is one too many' });
  return true;
}

function errorsOf({ faults }: Reading): LabFault[] {
  return faults.filter(({ severity }) => severity === 'error');
}
