import { createHash } from 'node:crypto';

import * as z from 'zod';

import { LabResultSubmitted } from '../../schemas/events/lab-message.v1.ts';
import { faultCodes, type LabFault } from '../../shared/domain/lab-fault.ts';
import { isTooLong, overlongOfObservation, overlongOfReport } from '../../shared/domain/lab-name.ts';
import type { LabMessage } from '../../shared/domain/lab-report.ts';
import { MOST_REPORTS } from '../../shared/domain/lab-size.ts';
import type { Hl7Header } from '../../shared/hl7/header.ts';
import { faultsOf } from '../../shared/runtime/input.ts';
import { messageOf } from './submitted-result.ts';

export const hl7 = 'application/hl7-v2';
export const fhir = 'application/fhir+json';
/** The data of our own event. */
export const ownJson = 'application/json';

const mediaTypes = [hl7, fhir, ownJson] as const;
type LabMediaType = (typeof mediaTypes)[number];

/** One message as it is kept sealed: enough to read it again. */
export const LabContent = z.strictObject({
  mediaType: z.enum(mediaTypes),
  text: z.string(),
  /** Who sent it, where it does not say itself. */
  sender: z.string(),
});
export type LabContent = z.infer<typeof LabContent>;

export type ReadContent = ParsedContent | RefusedContent;

export type ParsedContent = {
  readonly outcome: 'parsed';
  readonly content: LabContent;
  readonly header?: Hl7Header;
  readonly message: LabMessage;
};

export type RefusedContent = {
  readonly outcome: 'refused' | 'rejected';
  readonly content: LabContent;
  readonly header?: Hl7Header;
  readonly faults: readonly LabFault[];
};

/** What somebody sent, before it is known how many messages that is. */
export type Sent = { readonly mediaType: LabMediaType; readonly bytes: Uint8Array; readonly sender: string };

/** Where a time is meant that says no offset; a record of the topic does not say where it is from. */
const TIME_ZONES: Readonly<Record<string, string>> = { fr: 'Europe/Paris', de: 'Europe/Berlin' };
const COMMON_TIME_ZONE = 'Europe/Paris';

export type ReadAs = {
  /** Where it was sent to; undefined for a record of the topic. */
  readonly country: string | undefined;
  /** HL7 table 0103: what messages may be for. */
  readonly processingIds: ReadonlySet<string>;
};

/** Reads each message of what was sent. Never throws: what cannot be read is refused with the place of each fault. */
export async function readContent(sent: Sent, as: ReadAs): Promise<ReadContent[]> {
  if (sent.mediaType === hl7) return readHl7(sent, as);
  return [sent.mediaType === fhir ? await readFhir(sent) : readOwn(sent)];
}

async function readHl7({ bytes, sender }: Sent, { country, processingIds }: ReadAs): Promise<ReadContent[]> {
  // Loaded by whoever needs it: reading is another function's start.
  const { readMessages } = await import('../../shared/hl7/read-messages.ts');
  const timeZone = TIME_ZONES[country ?? ''] ?? COMMON_TIME_ZONE;
  const reads = readMessages(bytes, { timeZone, processingIds }).map(({ text, ...read }): ReadContent => {
    const content = { mediaType: hl7, text, sender } as const;
    return read.outcome === 'parsed' ? { ...read, content, message: plain(read.message) } : { ...read, content };
  });
  return country === undefined ? withinLimit(reads) : reads;
}

/** A record of the topic is applied at once: what a batch holds beyond what one message may waits for somebody to look at it. */
function withinLimit(reads: readonly ReadContent[]): ReadContent[] {
  let reports = 0;
  return reads.map((read) => {
    if (read.outcome !== 'parsed') return read;
    reports += read.message.reports.length;
    if (reports <= MOST_REPORTS) return read;
    const { content, header } = read;
    return { outcome: 'refused', content, ...(header && { header }), faults: [tooManyOthers] };
  });
}

const tooManyOthers: LabFault = {
  code: faultCodes.tooLong,
  severity: 'error',
  place: { segment: 'MSH', occurrence: 1 },
  text: 'It comes with too many others',
};

async function readFhir({ bytes, sender }: Sent): Promise<ReadContent> {
  const { readBundle } = await import('../../shared/fhir/read-bundle.ts');
  const text = textOf(bytes);
  const content = { mediaType: fhir, text, sender } as const;
  const read = readBundle(text, { sender });
  return read.outcome === 'parsed' ? { ...read, content, message: plain(read.message) } : { ...read, content };
}

function readOwn({ bytes, sender }: Sent): ReadContent {
  const text = textOf(bytes);
  const content = { mediaType: ownJson, text, sender } as const;
  const checked = LabResultSubmitted.data.safeParse(parsed(text));
  // As it was checked, which is how the topic has it: one message is the same text at both doors.
  if (checked.success)
    return ownMessage(plain(messageOf(checked.data)), { ...content, text: JSON.stringify(checked.data) });
  const faults = faultsOf(LabResultSubmitted.data, checked.error).map(({ path, message }) => ({
    code: faultCodes.dataType,
    severity: 'error' as const,
    expression: path,
    text: message,
  }));
  return { outcome: 'refused', content, faults };
}

function ownMessage(message: LabMessage, content: LabContent): ReadContent {
  const paths = overlongPaths(message);
  if (paths.length === 0) return { outcome: 'parsed', content, message };
  const fault = { code: faultCodes.tooLong, severity: 'error', text: 'This is too long' } as const;
  return { outcome: 'refused', content, faults: paths.map((expression) => ({ ...fault, expression })) };
}

/** JSON Pointers. */
function overlongPaths(message: LabMessage): string[] {
  const own = (['sender', 'controlId'] as const).filter((name) => isTooLong(message[name]));
  const named = message.reports.flatMap((report, index) => [
    ...overlongPath(`/reports/${index}`, overlongOfReport(report)),
    ...report.observations.flatMap((observation, of) =>
      overlongPath(`/reports/${index}/observations/${of}`, overlongOfObservation(observation)),
    ),
  ]);
  return [...own.map((name) => `/${name}`), ...named];
}

function overlongPath(path: string, member: string | undefined): string[] {
  return member === undefined ? [] : [`${path}/${member}`];
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** PostgreSQL keeps neither U+0000 nor half a surrogate pair, and escape sequences can say both. */
function plain(message: LabMessage): LabMessage {
  const text = JSON.stringify(message);
  const mended = text.replaceAll(/\\\\|\\u0000|\\ud[89a-f][\da-f]{2}/g, (found) =>
    found === String.raw`\\` ? found : '\uFFFD',
  );
  if (mended === text) return message;
  const kept: LabMessage = JSON.parse(mended);
  return kept;
}

/** Tells a message's content from other content under its number; how its lines end is no content. */
export function hashOf({ mediaType, text }: LabContent): Buffer {
  return createHash('sha256').update(`${mediaType}\n${text.trim()}`).digest();
}
