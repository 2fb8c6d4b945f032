import { randomUUID } from 'node:crypto';

export const submitted = 'careflow.lab-result.submitted.v1';

type Identified = {
  readonly mrn?: string;
  readonly order?: string;
  readonly controlId?: string;
  readonly value?: string;
};

/** The data of an event of our own: one final potassium. */
export function submittedData({
  mrn = 'nobody',
  order = randomUUID(),
  controlId = randomUUID(),
  value = '4.2',
}: Identified = {}) {
  const potassium = {
    code: { codings: [{ system: 'http://loinc.org', code: '2823-3', display: 'Potassium' }] },
    status: 'final',
    values: [{ type: 'quantity', number: value, unit: { text: 'mmol/L', ucum: 'mmol/L' } }],
    ranges: ['3.5-5.1'],
  };
  const patient = { identifiers: [{ system: 'CLINIC', value: mrn }], birthDate: '1985-04-12', sex: 'female' };
  const service = { codings: [], text: 'Electrolytes' };
  const statusChangedAt = '2031-03-03T10:00:00+01:00';
  const report = {
    fillerOrder: { value: order },
    service,
    status: 'final',
    statusChangedAt,
    patient,
    observations: [potassium],
  };
  return { sender: 'LAB-JSON', controlId, sentAt: statusChangedAt, reports: [report] };
}

/** The event as a request in structured mode. */
export function submittedEvent(data: object) {
  const attributes = { specversion: '1.0', id: randomUUID(), source: '/lab', type: submitted };
  return JSON.stringify({ ...attributes, time: '2031-03-03T09:00:00Z', datacontenttype: 'application/json', data });
}

/** A FHIR R4 bundle: a report with one final potassium. */
export function bundle({
  mrn = 'nobody',
  order = randomUUID(),
  controlId = randomUUID(),
  value = '4.2',
  unit = { unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
}: Identified & { readonly unit?: object } = {}) {
  const [report, observation, patient] = [randomUUID(), randomUUID(), randomUUID()];
  const entry = (id: string, resource: object) => ({ fullUrl: `urn:uuid:${id}`, resource: { id, ...resource } });
  const subject = { reference: `urn:uuid:${patient}` };
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'collection',
    identifier: { system: 'urn:lab', value: controlId },
    timestamp: '2031-03-03T10:00:00+01:00',
    entry: [
      entry(patient, {
        resourceType: 'Patient',
        identifier: [{ system: 'CLINIC', value: mrn }],
        birthDate: '1985-04-12',
        gender: 'female',
      }),
      entry(report, {
        resourceType: 'DiagnosticReport',
        identifier: [{ value: order }],
        status: 'final',
        code: { text: 'Electrolytes' },
        subject,
        issued: '2031-03-03T10:00:00+01:00',
        result: [{ reference: `urn:uuid:${observation}` }],
      }),
      entry(observation, {
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: '2823-3' }] },
        subject,
        valueQuantity: { value: Number(value), ...unit },
      }),
    ],
  });
}
