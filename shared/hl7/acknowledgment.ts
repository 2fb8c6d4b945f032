import type { FaultCode, FaultPlace, LabFault } from '../domain/lab-fault.ts';
import { escape, type Separators } from './escapes.ts';
import type { Hl7Header } from './header.ts';

/** HL7 table 0008: application (A) and commit (C) acknowledgments: accepted, in error, rejected. */
export type AcknowledgmentCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';

export type AcknowledgedOutcome = 'accepted' | 'refused' | 'rejected';

const applicationCodes = { accepted: 'AA', refused: 'AE', rejected: 'AR' } as const;
const commitCodes = { accepted: 'CA', refused: 'CE', rejected: 'CR' } as const;

/**
 * Which acknowledgments the sender asks for, in the order they are given (HL7 v2.8.2, 2.9.2 and 2.9.3). Original mode, without
 * MSH-15 and MSH-16, has one application acknowledgment; in enhanced mode each of the two is given on its condition.
 */
export function acknowledgmentCodes(
  header: Hl7Header | undefined,
  outcome: AcknowledgedOutcome,
): readonly AcknowledgmentCode[] {
  const { acceptAcknowledgment: accept = '', applicationAcknowledgment: application = '' } = header ?? {};
  if (accept === '' && application === '') return [applicationCodes[outcome]];
  const codes: AcknowledgmentCode[] = [];
  if (isAskedFor(accept, outcome)) codes.push(commitCodes[outcome]);
  if (isAskedFor(application, outcome)) codes.push(applicationCodes[outcome]);
  return codes;
}

/** HL7 table 0155. A condition that the table does not hold is taken for always: silence would be taken for loss. */
function isAskedFor(condition: string, outcome: AcknowledgedOutcome): boolean {
  switch (condition) {
    case '':
    case 'NE':
      return false;
    case 'ER':
      return outcome !== 'accepted';
    case 'SU':
      return outcome === 'accepted';
    default:
      return true;
  }
}

export type Acknowledgment = {
  /** Of the message; without one the acknowledgment is in our own separators and version. */
  readonly header: Hl7Header | undefined;
  readonly code: AcknowledgmentCode;
  readonly faults: readonly LabFault[];
  /** The acknowledgment's own MSH-10. */
  readonly controlId: string;
  readonly at: Temporal.Instant;
};

const ours: Separators = { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' };
const OUR_VERSION = '2.5.1';
/** As many faults as anybody reads. */
const MOST_FAULTS = 100;

/** Writes ACK, with an ERR for each fault; segments end in CR. Text is UTF-8 where it is more than ASCII. */
export function writeAcknowledgment(acknowledgment: Acknowledgment): string {
  const { header, faults } = acknowledgment;
  const version = header && /^2\.\d(\.\d)?$/.test(header.version) ? header.version : OUR_VERSION;
  const separators = header?.separators ?? ours;
  const told = faults.slice(0, MOST_FAULTS);
  const segments = [
    writeMsh(acknowledgment, separators, version),
    writeMsa(acknowledgment, separators),
    ...(hasLocatedErr(version)
      ? told.map((fault) => writeErr(fault, separators))
      : writeOldErr(told.map((fault) => oldLocation(fault, separators)).filter(isTold), separators)),
  ];
  return segments.map((segment) => `${segment}\r`).join('');
}

function writeMsh({ header, controlId, at }: Acknowledgment, separators: Separators, version: string): string {
  const { field, component, repetition, escape: escapeSign, subcomponent } = separators;
  const kind = ['ACK', header?.trigger || 'R01', 'ACK'].join(component);
  return [
    `MSH${field}${component}${repetition}${escapeSign}${subcomponent}`,
    header?.receivingApplication ?? '',
    header?.receivingFacility ?? '',
    header?.sendingApplication ?? '',
    header?.sendingFacility ?? '',
    timestamp(at),
    '',
    kind,
    escape(controlId, separators),
    header && /^[PTD]$/.test(header.processingId) ? header.processingId : 'P',
    version,
    ...Array.from({ length: 5 }, () => ''),
    'UNICODE UTF-8',
  ].join(field);
}

function writeMsa({ header, code, faults }: Acknowledgment, separators: Separators): string {
  const error = faults.find(({ severity }) => severity === 'error');
  const parts = ['MSA', code, escape(header?.controlId ?? '', separators)];
  return [...parts, ...(error ? [escape(error.text, separators)] : [])].join(separators.field);
}

/** 2.5 gave ERR fields of its own; before, one field holds it all. */
function hasLocatedErr(version: string): boolean {
  return Number(version.slice(2, 3)) >= 5;
}

/** ERR of 2.5 and later: ERR-2 is ERL, ERR-3 the code, ERR-4 the severity, ERR-8 the text. */
function writeErr({ code, severity, place, text }: LabFault, separators: Separators): string {
  const { field, component } = separators;
  const location = place ? locationOf(place).join(component) : '';
  const condition = [code, escape(conditions[code], separators), 'HL70357'].join(component);
  return ['ERR', '', location, condition, severity === 'error' ? 'E' : 'W', '', '', '', escape(text, separators)].join(
    field,
  );
}

function locationOf({ segment, occurrence, field, repetition, component }: FaultPlace): (string | number)[] {
  const parts = [segment, occurrence, field, repetition ?? (component === undefined ? undefined : 1), component];
  return parts.slice(0, 1 + parts.findLastIndex((part) => part !== undefined)).map((part) => part ?? '');
}

/** ERR of 2.3 to 2.4: ERR-1 repeats segment, sequence, field and code. */
function writeOldErr(locations: readonly string[], { field, repetition }: Separators): string[] {
  return locations.length > 0 ? [`ERR${field}${locations.join(repetition)}`] : [];
}

function oldLocation({ place, code }: LabFault, separators: Separators): string | undefined {
  if (!place) return undefined;
  const condition = [code, escape(conditions[code], separators), 'HL70357'].join(separators.subcomponent);
  return [place.segment, place.occurrence, place.field ?? '', condition].join(separators.component);
}

function isTold(location: string | undefined): location is string {
  return location !== undefined;
}

/** HL7 table 0357. */
const conditions: Readonly<Record<FaultCode, string>> = {
  100: 'Segment sequence error',
  101: 'Required field missing',
  102: 'Data type error',
  103: 'Table value not found',
  104: 'Value too long',
  199: 'Other HL7 error',
  200: 'Unsupported message type',
  201: 'Unsupported event code',
  202: 'Unsupported processing id',
  203: 'Unsupported version id',
  204: 'Unknown key identifier',
  205: 'Duplicate key identifier',
  207: 'Application internal error',
};

/** DTM in UTC. */
function timestamp(at: Temporal.Instant): string {
  const digits = at
    .toString({ smallestUnit: 'second' })
    .replace(/[-:TZ]/g, '')
    .slice(0, 14);
  return `${digits}+0000`;
}
