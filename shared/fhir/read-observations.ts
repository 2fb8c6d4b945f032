import { faultCodes } from '../domain/lab-fault.ts';
import { overlongOfObservation } from '../domain/lab-name.ts';
import { type LabConcept, type LabObservation, observationIdentity } from '../domain/lab-report.ts';
import type { Found, OpenBundle } from './bundle-resources.ts';
import type { Read, ReferenceElement, Said } from './contract.ts';
import { fromConcept, interpretationOf, rangesOf, unitOf, valuesOf } from './read-elements.ts';

/** What was read of one order: how often a code and sub-id were met, and what each resource says, by its place. */
export type OrderObservations = {
  readonly occurrences: Map<string, number>;
  readonly read: Map<string, readonly LabObservation[]>;
};

/** The observations of a report, with those that a panel holds and those that are components of another. */
export function readObservations(
  { resource: { result = [] }, at }: Found<'DiagnosticReport'>,
  open: OpenBundle,
  order: OrderObservations,
): LabObservation[] {
  return collect(placed(result, `${at}.result`), open).flatMap((found) => readOnce(found, open, order));
}

/** One that two reports of an order refer to is one all the same. */
function readOnce(
  { resource, at }: Found<'Observation'>,
  open: OpenBundle,
  { occurrences, read }: OrderObservations,
): readonly LabObservation[] {
  const known = read.get(at);
  if (known) return known;
  const observations = readObservation(resource, occurrences);
  read.set(at, observations);
  if (observations.some((observation) => overlongOfObservation(observation) !== undefined)) refuseOverlong(at, open);
  return observations;
}

function refuseOverlong(at: string, { faults }: OpenBundle): void {
  const fault = { code: faultCodes.tooLong, severity: 'error' } as const;
  faults.push({ ...fault, expression: `${at}.code`, text: 'What was observed has too long a name' });
}

type Placed = { readonly reference: ReferenceElement; readonly expression: string };

function placed(references: readonly ReferenceElement[], at: string): Placed[] {
  return references.map((reference, index) => ({ reference, expression: `${at}[${index}]` }));
}

/** Each once, before what it holds: a panel may hold itself, and panels may hold one another however deep. */
function collect(first: Placed[], open: OpenBundle): Found<'Observation'>[] {
  const seen = new Set<string>();
  const collected: Found<'Observation'>[] = [];
  const waiting = first.toReversed();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const found = open.follow('Observation', next.reference);
    if (!found) refuseMissing(next.expression, open);
    else if (!seen.has(found.at)) {
      seen.add(found.at);
      collected.push(found);
      waiting.push(...placed(found.resource.hasMember ?? [], `${found.at}.hasMember`).toReversed());
    }
  }
  return collected;
}

/** What a report refers to and does not bring along would be lost. */
function refuseMissing(expression: string, { faults }: OpenBundle): void {
  const fault = { code: faultCodes.unknownKey, severity: 'error' } as const;
  faults.push({ ...fault, expression, text: 'The bundle does not hold this Observation' });
}

function readObservation(resource: Read<'Observation'>, occurrences: Map<string, number>): LabObservation[] {
  const { component = [], hasMember = [] } = resource;
  const code = fromConcept(resource.code);
  const isOnlyPanel = valuesOf(resource).length === 0 && component.length + hasMember.length > 0;
  const parts = component.map((part) => {
    const partCode = fromConcept(part.code);
    return { ...contextOf(resource), ...saidOf(part, partCode, keyOf(code), occurrences), notes: [] };
  });
  if (isOnlyPanel) return parts;
  const notes = resource.note?.map(({ text }) => text) ?? [];
  return [{ ...contextOf(resource), ...saidOf(resource, code, undefined, occurrences), notes }, ...parts];
}

/** What holds for an observation and each of its components. */
function contextOf(resource: Read<'Observation'>): Pick<LabObservation, 'status' | 'statusCode'> {
  const { status, effectiveDateTime, effectiveInstant, effectivePeriod, issued, method } = resource;
  const observedAt = effectiveDateTime ?? effectiveInstant ?? effectivePeriod?.start;
  return {
    status,
    statusCode: status,
    ...(observedAt !== undefined && { observedAt }),
    ...(issued !== undefined && { analysedAt: issued }),
    ...(method && { method: fromConcept(method) }),
  };
}

function saidOf(said: Said, code: LabConcept, subId: string | undefined, occurrences: Map<string, number>) {
  const unit = unitIn(said);
  return {
    identity: nextIdentity(code, subId, occurrences),
    code,
    ...(subId !== undefined && { subId }),
    values: valuesOf(said),
    ...(unit && { unit }),
    ranges: rangesOf(said),
    interpretation: interpretationOf(said),
  };
}

function unitIn({ valueQuantity, valueRange }: Said): LabObservation['unit'] {
  const quantity = valueQuantity ?? valueRange?.low ?? valueRange?.high;
  return quantity && unitOf(quantity);
}

function keyOf({ codings, text }: LabConcept): string {
  return codings[0]?.code ?? text ?? '';
}

function nextIdentity(code: LabConcept, subId: string | undefined, occurrences: Map<string, number>): string {
  const name = observationIdentity(code, subId, 1);
  const occurrence = (occurrences.get(name) ?? 0) + 1;
  occurrences.set(name, occurrence);
  return observationIdentity(code, subId, occurrence);
}
