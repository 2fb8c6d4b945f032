import { type LabUnit, UCUM } from '../domain/lab-report.ts';
import { evidentUnit } from '../domain/lab-unit.ts';
import { conceptAt } from './codings.ts';
import type { Segment } from './segment.ts';

/** Reads OBX-6. */
export function unitAt(segment: Segment, field: number): LabUnit | undefined {
  const concept = conceptAt(segment, field);
  if (!concept) return undefined;
  const [first] = concept.codings;
  const stated = concept.codings.find(({ system }) => system === UCUM)?.code;
  const code = first?.code ?? '';
  const ucum = stated ?? evidentUnit(code);
  return { text: first?.display ?? (code || (concept.text ?? '')), ...(ucum !== undefined && { ucum }) };
}
