import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bearer, codesIn, type Known, type Lab, openLab, oru } from './world.ts';

let lab: Lab;
let patient: Known;
beforeAll(async () => {
  lab = await openLab();
  patient = await lab.addKnown();
});
afterAll(async () => {
  await lab.close();
});

describe('a message of a laboratory', () => {
  it('is acknowledged when it is in the log, and read by its patient when it is applied', async () => {
    const answer = await lab.send(oru({ ...patient, controlId: 'A-1' }));
    expect({ status: answer.statusCode, codes: codesIn(answer) }).toEqual({ status: 200, codes: ['AA'] });
    expect(answer.headers['content-type']).toBe('application/hl7-v2; charset=utf-8');
    await lab.drain();
    const read = await lab.call(
      'GET',
      `/fr/patients/${patient.patientId}/results`,
      bearer('patient', patient.patientId),
    );
    console.log(read.payload);
    expect(read.json()).toMatchObject({ items: [{ status: 'final', observations: [{ loinc: '2823-3' }] }] });
  });
});
