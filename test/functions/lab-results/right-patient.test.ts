import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { bearer, codesIn, type Known, type Lab, openLab, oru } from './world.ts';

const staff = bearer('staff', 'staff');

let lab: Lab;
let one: Known;
let other: Known;
beforeAll(async () => {
  lab = await openLab();
  [one, other] = [await lab.addKnown(), await lab.addKnown()];
});
afterAll(async () => {
  await lab.close();
});

async function pour(message: string): Promise<void> {
  expect(codesIn(await lab.send(message))).toEqual(['AA']);
  await lab.drain();
}

async function waiting(controlId: string): Promise<{ id: string; details: string[] } | undefined> {
  const { items } = (await lab.call('GET', '/fr/lab-quarantine?limit=100', staff)).json();
  return items.find((aside: { controlId: string }) => aside.controlId === controlId);
}

const anyControlId = () => randomUUID().slice(0, 18);

it('gives nobody what is said of another’s order, whomever it is released to', async () => {
  const [order, controlId] = [randomUUID(), anyControlId()];
  await pour(oru({ ...one, order, observations: [{ value: '4.1' }] }));
  const before = await lab.results(one.patientId, staff);
  await pour(oru({ ...other, order, controlId, changedAt: '20310303110000+0100', observations: [{ value: '5.9' }] }));
  const aside = await waiting(controlId);
  const payload = { patientId: other.patientId };
  const released = await lab.call('POST', `/fr/lab-quarantine/${aside?.id}/release`, staff, { payload });
  expect(released.statusCode).toBe(409);
  expect(await waiting(controlId)).toMatchObject({ details: ['order-of-another'] });
  expect(await lab.results(one.patientId, staff)).toEqual(before);
  expect(await lab.results(other.patientId, staff)).toEqual([]);
});

it('puts a message aside that gives one order to two patients', async () => {
  const [order, controlId] = [randomUUID(), anyControlId()];
  const before = await lab.results(one.patientId, staff);
  const [, ...ofOther] = oru({ ...other, order }).split('\r');
  await pour(`${oru({ ...one, order, controlId })}${ofOther.join('\r')}`);
  expect(await waiting(controlId)).toMatchObject({ details: ['order-of-another'] });
  expect(await lab.results(one.patientId, staff)).toEqual(before);
  expect(await lab.results(other.patientId, staff)).toEqual([]);
});

it('puts aside what is said of the order of somebody whom nobody knows any more', async () => {
  const [order, controlId] = [randomUUID(), anyControlId()];
  const gone = await lab.addKnown();
  await pour(oru({ ...gone, order }));
  await lab.rows('DELETE FROM patient.patients WHERE id = $1', [gone.patientId]);
  await pour(oru({ ...other, order, controlId }));
  expect(await waiting(controlId)).toMatchObject({ details: ['order-of-another'] });
  expect(await lab.results(other.patientId, staff)).toEqual([]);
});
