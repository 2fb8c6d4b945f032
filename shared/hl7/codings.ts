import { LOINC, type LabCoding, type LabConcept, type LabIdentifier, UCUM } from '../domain/lab-report.ts';
import { componentAt, type Segment, subcomponentsAt } from './segment.ts';

/** HL7 table 0396 to the URIs that FHIR knows the systems by; a system of no URI keeps the name its sender gives it. */
const systems: Readonly<Record<string, string>> = {
  LN: LOINC,
  LOINC,
  UCUM,
  SCT: 'http://snomed.info/sct',
  SNM: 'http://snomed.info/sct',
  SNOMED: 'http://snomed.info/sct',
  'SNOMED-CT': 'http://snomed.info/sct',
  I10: 'http://hl7.org/fhir/sid/icd-10',
  I10C: 'http://hl7.org/fhir/sid/icd-10-cm',
  I9C: 'http://hl7.org/fhir/sid/icd-9-cm',
  C4: 'http://www.ama-assn.org/go/cpt',
  CPT: 'http://www.ama-assn.org/go/cpt',
  RXNORM: 'http://www.nlm.nih.gov/research/umls/rxnorm',
};

/** A URI where the system has one, else its name; undefined where there is none. */
function systemOf(name: string): string | undefined {
  if (name === '') return undefined;
  const table = /^HL7(\d{4})$/.exec(name)?.[1];
  if (table !== undefined) return `http://terminology.hl7.org/CodeSystem/v2-${table}`;
  return Object.hasOwn(systems, name.toUpperCase()) ? systems[name.toUpperCase()] : name;
}

/** Reads CE, CWE and CNE: up to three codings and a text of their own. Undefined where the field is empty. */
export function conceptAt(segment: Segment, field: number, repetition = 1): LabConcept | undefined {
  const at = (component: number) => componentAt(segment, field, component, repetition);
  const codings: LabCoding[] = [];
  // The second alternative is of 2.7.
  for (const [code, text, system] of [
    [1, 2, 3],
    [4, 5, 6],
    [10, 11, 12],
  ] as const) {
    if (at(code) !== '') codings.push(coding(at(code), at(text), at(system)));
  }
  const text = at(9) || at(2) || at(5);
  if (codings.length === 0 && text === '') return undefined;
  return { codings, ...(text !== '' && { text }) };
}

/** Reads CX and EI: an identifier with who assigned it. */
export function identifierAt(
  segment: Segment,
  field: number,
  repetition = 1,
  { authority = 4, type = 5 }: { readonly authority?: number; readonly type?: number } = {},
): LabIdentifier | undefined {
  const value = componentAt(segment, field, 1, repetition);
  if (value === '') return undefined;
  const system = authorityOf(subcomponentsAt(segment, field, authority, repetition));
  const kind = componentAt(segment, field, type, repetition);
  return { value, ...(system !== undefined && { system }), ...(kind !== '' && { type: kind }) };
}

/** Reads EI: the parts of its authority are components. */
export function entityAt(segment: Segment, field: number, repetition = 1): LabIdentifier | undefined {
  const value = componentAt(segment, field, 1, repetition);
  if (value === '') return undefined;
  const at = (component: number) => componentAt(segment, field, component, repetition);
  const system = authorityOf([at(2), at(3), at(4)]);
  return { value, ...(system !== undefined && { system }) };
}

/** HD: a name, or an id of a type; OIDs and UUIDs become URNs, as FHIR writes them. */
export function authorityOf([name = '', id = '', type = '']: readonly string[]): string | undefined {
  if (id !== '' && type === 'ISO') return `urn:oid:${id}`;
  if (id !== '' && (type === 'UUID' || type === 'GUID')) return `urn:uuid:${id.toLowerCase()}`;
  return name || id || undefined;
}

function coding(code: string, display: string, systemName: string): LabCoding {
  const system = systemOf(systemName);
  return { code, ...(system !== undefined && { system }), ...(display !== '' && { display }) };
}
