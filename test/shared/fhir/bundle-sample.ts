import type { Bundle, BundleEntry, DiagnosticReport, Observation, Patient, Resource } from '@medplum/fhirtypes';

const observation: Observation = {
  resourceType: 'Observation',
  id: 'potassium',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '2823-3', display: 'Potassium' }] },
  subject: { reference: 'urn:uuid:patient' },
  effectiveDateTime: '2026-03-09T08:00:00+01:00',
  issued: '2026-03-09T09:55:00+01:00',
  valueQuantity: { value: 6.3, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
  interpretation: [{ coding: [{ code: 'HH' }] }],
  referenceRange: [{ low: { value: 3.5 }, high: { value: 5.1 } }],
};

const report: DiagnosticReport = {
  resourceType: 'DiagnosticReport',
  id: 'report',
  identifier: [{ type: { coding: [{ code: 'FILL' }] }, system: 'urn:oid:1.2.250.1.71.4', value: 'F-8001' }],
  basedOn: [{ reference: 'ServiceRequest/order' }],
  status: 'final',
  category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'CH' }] }],
  code: { coding: [{ system: 'http://loinc.org', code: '24323-8' }], text: 'Metabolic panel' },
  subject: { reference: 'urn:uuid:patient' },
  issued: '2026-03-09T10:15:00+01:00',
  specimen: [{ reference: 'Specimen/tube' }],
  result: [{ reference: 'Observation/potassium' }],
};

const patient: Patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'urn:oid:1.2.250.1.213.1.4.8', value: '280047512345678' }],
  birthDate: '1980-04-12',
  gender: 'female',
};

const others: Resource[] = [
  {
    resourceType: 'ServiceRequest',
    id: 'order',
    status: 'completed',
    intent: 'order',
    subject: { reference: 'urn:uuid:patient' },
    identifier: [{ type: { coding: [{ code: 'PLAC' }] }, value: 'CF-1001' }],
    requester: { reference: 'Practitioner/garance' },
  },
  { resourceType: 'Practitioner', id: 'garance', identifier: [{ system: 'urn:id:RPPS', value: '10101234567' }] },
  {
    resourceType: 'Specimen',
    id: 'tube',
    accessionIdentifier: { value: '7001234' },
    collection: { collectedDateTime: '2026-03-09T08:00:00+01:00' },
  },
];

/** A bundle with one report of one result; `more` is added to it, `change` is made to its resources. */
export function sampleBundle(
  change: { readonly observation?: object; readonly report?: object; readonly patient?: object } = {},
  more: readonly BundleEntry[] = [],
): Bundle {
  return {
    resourceType: 'Bundle',
    type: 'message',
    identifier: { system: 'https://labo-valmy.example', value: 'BUNDLE-1' },
    timestamp: '2026-03-09T10:20:00+01:00',
    entry: [
      { resource: { ...report, ...change.report } },
      { fullUrl: 'urn:uuid:patient', resource: { ...patient, ...change.patient } },
      { resource: { ...observation, ...change.observation } },
      ...others.map((resource) => ({ resource })),
      ...more,
    ],
  };
}
