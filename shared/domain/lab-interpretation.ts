import type { LabCoding } from './lab-report.ts';

/** What HL7 table 0078 calls panic limits (HH, LL) and very abnormal (AA): a clinician has to know at once. */
const critical: ReadonlySet<string> = new Set(['HH', 'LL', 'AA']);

/** HL7 table 0078 by the names that HL7 v2 and the versions of FHIR give it. */
const table0078: ReadonlySet<string> = new Set([
  'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',
  'http://terminology.hl7.org/CodeSystem/v2-0078',
  'http://hl7.org/fhir/v3/ObservationInterpretation',
  'http://hl7.org/fhir/v2/0078',
  'urn:oid:2.16.840.1.113883.5.83',
  'urn:oid:2.16.840.1.113883.12.78',
]);

export function isCriticalCode(code: string): boolean {
  return critical.has(code);
}

/** The codes of one interpretation: those of HL7 table 0078 where it has any, else all, for any may be one of them. */
export function interpretationCodes(codings: readonly LabCoding[]): string[] {
  const standard = codings.filter(({ system }) => system !== undefined && table0078.has(system));
  return (standard.length > 0 ? standard : codings).map(({ code }) => code);
}
