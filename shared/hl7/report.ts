import { faultCodes } from '../domain/lab-fault.ts';
import { overlongOfReport } from '../domain/lab-name.ts';
import type { LabIdentifier, LabObservation, LabPatient, LabReport, LabSpecimen, Sex } from '../domain/lab-report.ts';
import { reportStatusOf } from '../domain/lab-status.ts';
import { authorityOf, conceptAt, entityAt, identifierAt } from './codings.ts';
import type { OrderGroup } from './groups.ts';
import { type Occurrences, readObservation } from './observation.ts';
import { componentAt, eachRepetition, report, type Segment, subcomponentsAt, timeAt } from './segment.ts';

/** Counted per filler order: what one order's observations are called must not depend on its panels. */
export type OrderOccurrences = Map<string, Occurrences>;

/** Reads OBR with what belongs to it; a fault and nothing where it has no number to know it by. */
export function readReport(group: OrderGroup, orders: OrderOccurrences): LabReport | undefined {
  const { obr, orc } = group;
  const fillerOrder = fillerOrderOf(group);
  if (!fillerOrder) return refuseNumberless(obr);
  const service = serviceOf(obr);
  refuseOverlong(obr, { fillerOrder, service });
  const placerOrder = entityAt(obr, 2) ?? (orc && entityAt(orc, 2));
  const statusChangedAt = timeAt(obr, 22, 'error');
  const observedAt = timeAt(obr, 7);
  const section = componentAt(obr, 24);
  const statusCode = componentAt(obr, 25);
  return {
    fillerOrder,
    ...(placerOrder && { placerOrder }),
    service,
    status: statusOf(obr, statusCode),
    statusCode,
    ...(statusChangedAt !== undefined && { statusChangedAt }),
    ...(observedAt !== undefined && { observedAt }),
    ...(section !== '' && { section }),
    orderedBy: orderedBy(group),
    patient: readPatient(group.pid),
    specimens: readSpecimens(group),
    observations: readObservations(group, occurrencesOf(fillerOrder, orders)),
    documents: [],
    notes: group.notes,
  };
}

/** OBR-3, or what stands for it: ORC-3, or the number of whoever ordered. */
function fillerOrderOf({ obr, orc }: OrderGroup): LabIdentifier | undefined {
  return entityAt(obr, 3) ?? (orc && entityAt(orc, 3)) ?? entityAt(obr, 2) ?? (orc && entityAt(orc, 2));
}

function readObservations({ observations }: OrderGroup, occurrences: Occurrences): LabObservation[] {
  return observations.flatMap(({ obx, notes }) => readObservation(obx, notes, occurrences) ?? []);
}

function occurrencesOf({ value, system = '' }: LabIdentifier, orders: OrderOccurrences): Occurrences {
  const key = `${system}|${value}`;
  const known = orders.get(key) ?? new Map<string, number>();
  orders.set(key, known);
  return known;
}

function serviceOf(obr: Segment): LabReport['service'] {
  const service = conceptAt(obr, 4);
  if (service) return service;
  const fault = { code: faultCodes.requiredFieldMissing, severity: 'warning' } as const;
  report(obr, 4, { ...fault, text: 'It does not say what was ordered' });
  return { codings: [] };
}

function statusOf(obr: Segment, code: string): LabReport['status'] {
  const status = reportStatusOf(code);
  if (status !== undefined) return status;
  const fault = code === '' ? faultCodes.requiredFieldMissing : faultCodes.tableValueNotFound;
  report(obr, 25, { code: fault, severity: 'warning', text: 'The status of the report is not known' });
  return 'unknown';
}

function orderedBy({ obr, orc }: OrderGroup): LabIdentifier[] {
  const provider = { authority: 9, type: 13 };
  const named = eachRepetition(obr, 16, (repetition) => identifierAt(obr, 16, repetition, provider));
  if (named.length > 0 || !orc) return named;
  return eachRepetition(orc, 12, (repetition) => identifierAt(orc, 12, repetition, provider));
}

/** HL7 table 0001. */
const sexes: Readonly<Record<string, Sex>> = { M: 'male', F: 'female', O: 'other', A: 'other', X: 'other' };

/** Without a PID nobody can be told to be the patient, which is what happens then. */
function readPatient(pid: Segment | undefined): LabPatient {
  if (!pid) return { identifiers: [], sex: 'unknown' };
  const birthDate = timeAt(pid, 7)?.slice(0, 10);
  const sex = componentAt(pid, 8).toUpperCase();
  return {
    identifiers: [2, 3, 4].flatMap((field) =>
      eachRepetition(pid, field, (repetition) => identifierAt(pid, field, repetition)),
    ),
    ...(birthDate?.length === 10 && { birthDate }),
    sex: Object.hasOwn(sexes, sex) ? (sexes[sex] ?? 'unknown') : 'unknown',
  };
}

function readSpecimens({ specimens, containers, obr }: OrderGroup): LabSpecimen[] {
  const read = specimens.map(readSpecimen);
  const labels = containers.flatMap((sac) => [entityAt(sac, 3) ?? [], entityAt(sac, 4) ?? []].flat());
  if (labels.length > 0) read.push({ identifiers: labels });
  const source = conceptAt(obr, 15);
  return read.length === 0 && source ? [{ identifiers: [], type: source }] : read;
}

function readSpecimen(spm: Segment): LabSpecimen {
  const type = conceptAt(spm, 4);
  const collectedAt = timeAt(spm, 17);
  return {
    identifiers: [...pairAt(spm, 2), ...eachRepetition(spm, 30, (repetition) => identifierAt(spm, 30, repetition))],
    ...(type && { type }),
    ...(collectedAt !== undefined && { collectedAt }),
  };
}

/** EIP: what whoever ordered calls it, and what the laboratory does. */
function pairAt(segment: Segment, field: number): LabIdentifier[] {
  return [1, 2].flatMap((component) => {
    const [value = '', ...authority] = subcomponentsAt(segment, field, component);
    const system = authorityOf(authority);
    return value === '' ? [] : [{ value, ...(system !== undefined && { system }) }];
  });
}

function refuseOverlong(obr: Segment, named: Pick<LabReport, 'fillerOrder' | 'service'>): void {
  const overlong = overlongOfReport(named);
  if (overlong === undefined) return;
  const fault = { code: faultCodes.tooLong, severity: 'error' } as const;
  report(obr, overlong === 'fillerOrder' ? 3 : 4, { ...fault, text: 'The order has too long a name' });
}

function refuseNumberless(obr: Segment): undefined {
  const fault = { code: faultCodes.requiredFieldMissing, severity: 'error' } as const;
  report(obr, 3, { ...fault, text: 'The order has no number' });
}
