import { faultCodes } from '../domain/lab-fault.ts';
import { interpretationCodes } from '../domain/lab-interpretation.ts';
import { overlongOfObservation } from '../domain/lab-name.ts';
import { parseReferenceRange, type ReferenceRange } from '../domain/lab-range.ts';
import { type LabConcept, type LabObservation, observationIdentity } from '../domain/lab-report.ts';
import { observationStatusOf } from '../domain/lab-status.ts';
import { conceptAt } from './codings.ts';
import { componentAt, eachRepetition, report, type Segment, textAt, timeAt } from './segment.ts';
import { unitAt } from './units.ts';
import { valuesAt } from './values.ts';

/** Counts how often a code and sub-id were met under one filler order, so that each observation has a name of its own. */
export type Occurrences = Map<string, number>;

/** Reads OBX; a fault and nothing where it does not say what was observed. */
export function readObservation(
  obx: Segment,
  notes: readonly string[],
  occurrences: Occurrences,
): LabObservation | undefined {
  const code = conceptAt(obx, 3);
  if (!code) return refuseNameless(obx);
  const subId = componentAt(obx, 4);
  const identity = nextIdentity(code, subId, occurrences);
  refuseOverlong(obx, { code, identity });
  const unit = unitAt(obx, 6);
  const statusCode = componentAt(obx, 11);
  const observedAt = timeAt(obx, 14);
  const analysedAt = timeAt(obx, 19, 'error');
  const method = conceptAt(obx, 17);
  const valueType = componentAt(obx, 2);
  return {
    identity,
    code,
    ...(subId !== '' && { subId }),
    ...(valueType !== '' && { valueType }),
    values: valuesAt(obx, unit),
    ...(unit && { unit }),
    ranges: eachRepetition(obx, 7, (repetition) => rangeAt(obx, repetition)),
    interpretation: eachRepetition(obx, 8, (repetition) => flagsAt(obx, repetition)).flat(),
    status: statusOf(obx, statusCode),
    statusCode,
    ...(observedAt !== undefined && { observedAt }),
    ...(analysedAt !== undefined && { analysedAt }),
    ...(method && { method }),
    notes,
  };
}

/** Reads the text of NTE, whose repetitions are lines. */
export function readNote(nte: Segment): string {
  return eachRepetition(nte, 3, (repetition) => textAt(nte, 3, 1, repetition))
    .join('\n')
    .trimEnd();
}

function rangeAt(obx: Segment, repetition: number): ReferenceRange | undefined {
  const text = componentAt(obx, 7, 1, repetition);
  return text === '' ? undefined : parseReferenceRange(text);
}

/** IS before 2.7, CWE since: the laboratory's own code may stand before that of HL7 table 0078. */
function flagsAt(obx: Segment, repetition: number): string[] {
  return interpretationCodes(conceptAt(obx, 8, repetition)?.codings ?? []);
}

/** Nobody is told it is final where that is not said. */
function statusOf(obx: Segment, code: string): LabObservation['status'] {
  const status = observationStatusOf(code);
  if (status !== undefined) return status;
  const isEmpty = code === '';
  const fault = isEmpty ? faultCodes.requiredFieldMissing : faultCodes.tableValueNotFound;
  report(obx, 11, { code: fault, severity: 'warning', text: 'The status of the result is not known' });
  return 'unknown';
}

function nextIdentity(code: LabConcept, subId: string, occurrences: Occurrences): string {
  const name = observationIdentity(code, subId || undefined, 1);
  const occurrence = (occurrences.get(name) ?? 0) + 1;
  occurrences.set(name, occurrence);
  return observationIdentity(code, subId || undefined, occurrence);
}

function refuseOverlong(obx: Segment, named: Pick<LabObservation, 'code' | 'identity'>): void {
  const overlong = overlongOfObservation(named);
  if (overlong === undefined) return;
  const fault = { code: faultCodes.tooLong, severity: 'error' } as const;
  report(obx, overlong === 'code' ? 3 : 4, { ...fault, text: 'What was observed has too long a name' });
}

function refuseNameless(obx: Segment): undefined {
  report(obx, 3, {
    code: faultCodes.requiredFieldMissing,
    severity: 'error',
    text: 'It does not say what was observed',
  });
}
