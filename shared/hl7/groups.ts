import { faultCodes } from '../domain/lab-fault.ts';
import { readNote } from './observation.ts';
import { report, type Segment } from './segment.ts';

/** An OBR with the segments that belong to it. */
export type OrderGroup = {
  readonly pid: Segment | undefined;
  readonly orc: Segment | undefined;
  readonly obr: Segment;
  readonly specimens: Segment[];
  readonly containers: Segment[];
  readonly observations: { readonly obx: Segment; readonly notes: string[] }[];
  readonly notes: string[];
};

type Walk = {
  pid: Segment | undefined;
  orc: Segment | undefined;
  /** Of the patient or order whose OBR is still to come. */
  waiting: string[];
  /** Where the next NTE belongs. */
  notes: string[];
  readonly groups: OrderGroup[];
  readonly version: string;
};

/** Puts segments together as ORU_R01 nests them, in whichever version; those that say nothing of results are passed over. */
export function groupOrders(segments: readonly Segment[], version: string): OrderGroup[] {
  const walk: Walk = { pid: undefined, orc: undefined, waiting: [], notes: [], groups: [], version };
  walk.notes = walk.waiting;
  for (const segment of segments) place(segment, walk);
  return walk.groups;
}

function place(segment: Segment, walk: Walk): void {
  const group = walk.groups.at(-1);
  switch (segment.name) {
    case 'PID':
      walk.pid = segment;
      walk.orc = undefined;
      walk.notes = walk.waiting = [];
      return;
    case 'ORC':
      walk.orc = segment;
      walk.notes = walk.waiting;
      return;
    case 'OBR':
      openGroup(segment, walk);
      return;
    case 'OBX':
      addObservation(segment, group, walk);
      return;
    case 'SPM':
      group?.specimens.push(segment);
      return;
    case 'SAC':
      group?.containers.push(segment);
      return;
    case 'NTE':
      addNote(segment, walk);
      return;
    case 'DSC':
      warnOfContinuation(segment);
      return;
    default:
      return;
  }
}

function openGroup(obr: Segment, walk: Walk): void {
  const notes = [...walk.waiting];
  walk.waiting = [];
  walk.notes = notes;
  walk.groups.push({ pid: walk.pid, orc: walk.orc, obr, specimens: [], containers: [], observations: [], notes });
  walk.orc = undefined;
}

function addObservation(obx: Segment, group: OrderGroup | undefined, walk: Walk): void {
  if (!group || group.pid !== walk.pid) return reportOrderless(obx, walk);
  const observation = { obx, notes: [] };
  group.observations.push(observation);
  walk.notes = observation.notes;
}

/** Since 2.7 such an OBX tells of the patient, who weighs so much; before, it is a result whose order was lost. */
function reportOrderless(obx: Segment, { pid, version }: Walk): void {
  const isOfPatient = pid !== undefined && Number(version.slice(2, 3)) >= 7;
  const severity = isOfPatient ? 'warning' : 'error';
  report(obx, undefined, { code: faultCodes.segmentSequence, severity, text: 'It belongs to no OBR' });
}

function addNote(nte: Segment, walk: Walk): void {
  const note = readNote(nte);
  if (note !== '') walk.notes.push(note);
}

/** DSC says that the message goes on in another one. */
function warnOfContinuation(dsc: Segment): void {
  const fault = { code: faultCodes.other, severity: 'warning' } as const;
  report(dsc, 1, { ...fault, text: 'What another message continues is taken as it is' });
}
