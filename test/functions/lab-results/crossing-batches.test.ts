import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bearer, codesIn, type Known, type Lab, openLab, oru, recordOf } from './world.ts';

/** Enough to meet half-way for certain. */
const ROUNDS = 4;
const MESSAGES = 6;

let lab: Lab;
let patient: Known;
let offset = 0;
beforeAll(async () => {
  lab = await openLab();
  patient = await lab.addKnown();
});
afterAll(async () => {
  await lab.close();
});

function batchOf(messages: readonly string[]): string {
  return `FHS|^~\\&\rBHS|^~\\&\r${messages.join('')}BTS|${messages.length}\rFTS|1\r`;
}

/** @returns the status of each batch, delivered once and both at the same time. */
async function deliver(batches: readonly (readonly string[])[]): Promise<number[]> {
  const requests = batches.map((messages) => recordOf(batchOf(messages), { offset: (offset += 1) }));
  const answers = await Promise.all(requests.map((request) => lab.app.inject(request)));
  return answers.map(({ statusCode }) => statusCode);
}

async function deadlocks(): Promise<number> {
  const [row] = await lab.rows<{ count: number }>(
    'SELECT deadlocks::int AS count FROM pg_stat_database WHERE datname = current_database()',
  );
  return row?.count ?? 0;
}

const newId = () => randomUUID().slice(0, 18);
const several = () => Array.from({ length: MESSAGES }, newId);

/** Two batches that want the same, each in another order. */
const crossing: Record<string, () => Promise<[string[], string[]]>> = {
  async 'speak of the same orders'() {
    const orders = several();
    const say = (value: string) => orders.map((order) => oru({ ...patient, order, observations: [{ value }] }));
    return [say('4.1'), say('4.3').toReversed()];
  },
  async 'are the same messages'() {
    const messages = several().map((controlId) => oru({ ...patient, controlId, order: controlId }));
    return [messages, messages.toReversed()];
  },
  async 'name the same codes that nobody has heard of'() {
    const codes = several();
    const say = () => codes.map((code) => oru({ ...patient, observations: [{ code: `${code}^New^L` }] }));
    return [say(), say().toReversed()];
  },
  async 'use the same numbers again'() {
    const numbers = several();
    const say = (value: string) =>
      numbers.map((controlId) => oru({ ...patient, controlId, order: controlId, observations: [{ value }] }));
    expect(await deliver([say('4.0')])).toEqual([204]);
    return [say('4.1'), say('4.1').toReversed()];
  },
  async 'hold the same that nobody can read'() {
    const messages = several().map((controlId) => oru({ ...patient, controlId }).replace('|ORU^', '|ADT^'));
    return [messages, messages.toReversed()];
  },
};

describe('two batches at once', () => {
  it.each(Object.entries(crossing))(
    'that %s in another order are applied, and none waits in a circle',
    async (_, make) => {
      for (let round = 0; round < ROUNDS; round += 1) expect(await deliver(await make())).toEqual([204, 204]);
      expect(await deadlocks()).toBe(0);
    },
  );

  it('of which one is sent over HTTP neither', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const numbers = several();
      const say = (value: string) =>
        numbers.map((controlId) => oru({ ...patient, controlId, order: controlId, observations: [{ value }] }));
      const record = recordOf(batchOf(say('4.1').toReversed()), { offset: (offset += 1) });
      const [sent, delivered] = await Promise.all([lab.send(batchOf(say('4.1'))), lab.app.inject(record)]);
      expect([codesIn(sent), delivered.statusCode]).toEqual([Array(MESSAGES).fill('AA'), 204]);
      await lab.drain();
    }
    expect(await deadlocks()).toBe(0);
  });

  it('end in what their newest say, each order by itself', async () => {
    const [one, two] = [newId(), newId()];
    const at = (hour: number) => `203103031${hour}0000+0100`;
    const say = (order: string, hour: number) =>
      oru({ ...patient, order, changedAt: at(hour), observations: [{ value: `4.${hour}` }] });
    const batches = [
      [say(one, 1), say(two, 2)],
      [say(two, 3), say(one, 4)],
    ];
    expect(await deliver(batches)).toEqual([204, 204]);
    const shown = await lab.results(patient.patientId, bearer('staff', 'staff'));
    const valueOf = (order: string) => shown.find(({ fillerOrder }) => fillerOrder === order)?.observations[0]?.values;
    expect([valueOf(one), valueOf(two)]).toMatchObject([[{ number: '4.4' }], [{ number: '4.3' }]]);
  });
});
