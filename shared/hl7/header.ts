import { Hl7Context, Hl7Message } from '@medplum/core';

import { faultCodes, type LabFault } from '../domain/lab-fault.ts';
import { isTooLong } from '../domain/lab-name.ts';
import type { LabTime } from '../domain/lab-time.ts';
import { authorityOf } from './codings.ts';
import type { Separators } from './escapes.ts';
import { componentAt, report, type Segment, timeAt } from './segment.ts';
import { writtenOffset } from './times.ts';

/** What MSH says of a message, and what its acknowledgment repeats. */
export type Hl7Header = {
  readonly separators: Separators;
  /** MSH-3 to MSH-6 as they are written. */
  readonly sendingApplication: string;
  readonly sendingFacility: string;
  readonly receivingApplication: string;
  readonly receivingFacility: string;
  /** One name for MSH-3 and MSH-4. */
  readonly sender: string;
  readonly sentAt?: LabTime;
  readonly type: string;
  readonly trigger: string;
  readonly structure: string;
  readonly controlId: string;
  /** HL7 table 0103: `P` production, `T` training, `D` debugging; empty where the sender leaves it out. */
  readonly processingId: string;
  readonly version: string;
  /** MSH-15 and MSH-16, HL7 table 0155: empty in original mode. */
  readonly acceptAcknowledgment: string;
  readonly applicationAcknowledgment: string;
};

export type OpenMessage = { readonly message: Hl7Message; readonly separators: Separators };

const PRINTABLE_SIGN = /^[!-/:-@[-`{-~]$/;

/** Takes segments apart by the separators that MSH-1 and MSH-2 declare; answers a fault where they declare none. */
export function openMessage(segments: readonly string[]): OpenMessage | LabFault {
  const [first = ''] = segments;
  const field = first.charAt(3);
  const [component = '^', repetition = '~', escape = '\\', subcomponent = '&'] = first.slice(4).split(field)[0] ?? '';
  const separators: Separators = { field, component, repetition, escape, subcomponent };
  const signs = Object.values(separators);
  if (!signs.every((sign) => PRINTABLE_SIGN.test(sign)) || new Set(signs).size < signs.length) return noSeparators;
  const context = new Hl7Context('\r', field, component, repetition, escape, subcomponent);
  return { message: new Hl7Message([...segments], context), separators };
}

const noSeparators: LabFault = {
  code: faultCodes.dataType,
  severity: 'error',
  place: { segment: 'MSH', occurrence: 1, field: 2 },
  text: 'These are no encoding characters',
};

const VERSIONS = /^2\.(?:[3-7](?:\.\d)?|8(?:\.\d)?)$/;
const PRODUCTION = 'P';
/** HL7 table 0103: what is for training or debugging is nobody's result. */
export const ONLY_PRODUCTION: ReadonlySet<string> = new Set([PRODUCTION]);

/** Reads MSH, and notes what keeps the message from being taken. */
export function readHeader(msh: Segment, processingIds: ReadonlySet<string>): Hl7Header {
  const raw = (field: number) => msh.written[field] ?? '';
  const at = (field: number, component = 1) => componentAt(msh, field, component);
  const sentAt = timeAt(msh, 7);
  const header: Hl7Header = {
    separators: msh.reading.separators,
    sendingApplication: raw(3),
    sendingFacility: raw(4),
    receivingApplication: raw(5),
    receivingFacility: raw(6),
    sender: senderOf(msh),
    ...(sentAt !== undefined && { sentAt }),
    type: at(9),
    trigger: at(9, 2),
    structure: at(9, 3),
    controlId: at(10),
    processingId: at(11),
    version: at(12),
    acceptAcknowledgment: at(15).toUpperCase(),
    applicationAcknowledgment: at(16).toUpperCase(),
  };
  checkKind(msh, header, processingIds);
  if (isTooLong(header.sender)) refuse(msh, 3, faultCodes.tooLong, 'The sender has too long a name');
  if (isTooLong(header.controlId)) refuse(msh, 10, faultCodes.tooLong, 'The control id is too long');
  if (header.controlId === '') refuse(msh, 10, faultCodes.requiredFieldMissing, 'The message has no control id');
  return header;
}

/** The clock that times of this message are read by: MSH-7's offset where it has one. */
export function offsetOfMessage(message: Hl7Message): string | undefined {
  return writtenOffset(message.header.getField(7)?.components[0]?.[0] ?? '');
}

/** Whether a fault says that the message as such is not for us: the acknowledgment is AR and not AE (HL7 v2.8.2, 2.9.2.2). */
export function isRejection({ place, severity }: LabFault): boolean {
  return severity === 'error' && place?.segment === 'MSH' && [9, 11, 12].includes(place.field ?? 0);
}

function checkKind(
  msh: Segment,
  { type, trigger, processingId, version }: Hl7Header,
  processingIds: ReadonlySet<string>,
): void {
  if (type !== 'ORU')
    refuse(msh, 9, type === '' ? faultCodes.requiredFieldMissing : faultCodes.unsupportedMessageType, 'Not ORU', 1);
  else if (trigger !== '' && trigger !== 'R01') refuse(msh, 9, faultCodes.unsupportedEvent, 'Not R01', 2);
  if (processingId === '') warnOfMissing(msh, 11);
  if (!processingIds.has(processingId || PRODUCTION))
    refuse(msh, 11, faultCodes.unsupportedProcessingId, `Not ${[...processingIds].join(' or ')}`, 1);
  if (!VERSIONS.test(version)) refuse(msh, 12, faultCodes.unsupportedVersion, 'Not one of 2.3 to 2.8', 1);
}

/** Many leave MSH-11 empty in production, which is what they mean. */
function warnOfMissing(msh: Segment, field: number): void {
  report(msh, field, { code: faultCodes.requiredFieldMissing, severity: 'warning', text: 'Taken for production' });
}

function refuse(msh: Segment, field: number, code: LabFault['code'], text: string, component?: number): void {
  report(msh, field, { code, severity: 'error', text, ...(component !== undefined && { component }) });
}

function senderOf(msh: Segment): string {
  const name = (field: number) => authorityOf([1, 2, 3].map((component) => componentAt(msh, field, component))) ?? '';
  return `${name(3)}|${name(4)}`;
}
