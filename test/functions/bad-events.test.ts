import { randomUUID } from 'node:crypto';

import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { events } from '../../infra/contracts/contracts.ts';
import { readTopics } from '../../infra/local/services/topics.ts';
import type { Workload } from '../../functions/workloads.ts';
import type { EventContract } from '../../schemas/events/contract.ts';
import { LisRecordFound } from '../../schemas/events/lab-message.v1.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { addPatient, addPractice } from '../support/practices.ts';
import { badValues, canary, extraNames, membersOf, notJson, notObjects, withExtraMember } from './bad-values.ts';
import type { Member } from './bad-values.ts';
import { submittedData } from './lab-results/samples.ts';
import { openFunction, openRealWorld, type OpenedFunction, type RealWorld } from './real-functions.ts';

type Attributes = Readonly<Record<string, unknown>>;
type Case = { readonly what: string; readonly request: InjectOptions; readonly expected: string };
type Mode = (typeof modes)[number];

const modes = ['binary', 'structured', 'batch'] as const;
const subscribed: readonly { readonly name: Workload; readonly topics: readonly (string | undefined)[] }[] = [
  { name: 'availability', topics: ['booking-events', 'practitioner-events'] },
  {
    name: 'notifications',
    topics: ['booking-events', 'reminder-events', 'result-events', 'homekit-events', 'customer-events'],
  },
  { name: 'lab-results', topics: ['lis-results'] },
  { name: 'homekit', topics: ['homekit-registrations'] },
  { name: 'customer', topics: ['customer-events', 'homekit-events', 'result-events'] },
  { name: 'worker', topics: ['jobs'] },
  { name: 'cron', topics: [undefined] },
];

let world: RealWorld;
beforeAll(async () => {
  world = await openRealWorld();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'local').stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
  const eventLog = openEventLog(world.environment['EVENT_LOG_URL'] ?? '', { clientId: 'test' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  await eventLog.close();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

describe.each(subscribed)('the events of $name', ({ name, topics }) => {
  let fn: OpenedFunction;
  beforeAll(async () => {
    fn = await openFunction(world, name);
  });
  afterAll(async () => {
    await fn.close();
  });

  async function unexpected(cases: readonly Case[]): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { what, request, expected } of cases) {
      const { statusCode, headers, payload } = await fn.app.inject(request);
      const got = `${statusCode} ${/"reason":"([a-z-]+)"/.exec(payload)?.[1] ?? payload.slice(0, 80)}`;
      const type = String(headers['content-type']);
      const isReason = type.startsWith('application/problem+json') && payload.length < 1024;
      if (got !== expected || !isReason || payload.includes(canary)) found[what] = `${got} ${payload.slice(0, 200)}`;
    }
    return found;
  }

  // What is no event of anybody's has no data of a shape: lab-results/apply.test.ts sends it.
  const own = events.filter(({ topic, type }) => topics.includes(topic) && type !== LisRecordFound.type);
  describe.each(own.map((contract) => ({ type: contract.type, contract })))('$type', ({ contract }) => {
    const members = membersOf(contract.data);
    let people: Readonly<Record<string, string>>;
    beforeAll(async () => {
      people = { ...(await addPractice(world.admin)), patientId: await addPatient(world.admin) };
    });

    function good(): Record<string, unknown> {
      const sample = sampleOf(people);
      const valueOf = ({ name: member, schema }: Member) => schema.enum?.[0] ?? sample[member];
      return Object.fromEntries(members.filter(({ required }) => required).map((one) => [one.name, valueOf(one)]));
    }

    it('refuses data with a wrong value, a member missing or one too many', async () => {
      const wrong = members.flatMap(({ name: member, schema }) =>
        badValues(schema).map((value) => ({ what: member, value, data: { ...good(), [member]: value } })),
      );
      const missing = members
        .filter(({ required }) => required)
        .map(({ name: member }) => {
          const { [member]: value, ...data } = good();
          return { what: `no ${member}`, value, data };
        });
      const data = [...wrong, ...missing].map((one) => ({
        what: `${one.what}: ${JSON.stringify(one.value).slice(0, 60)}`,
        text: JSON.stringify(one.data),
      }));
      const extra = extraNames.map((member) => ({
        what: `the member ${member}`,
        text: withExtraMember(good(), member, canary),
      }));
      const whole = notObjects.map((text) => ({ what: text.slice(0, 60), text }));
      const inMode = (mode: Mode, { what, text }: { what: string; text: string }): Case => ({
        what: `${mode} ${what}`,
        request: requestOf(mode, attributesOf(contract), text),
        expected: '422 invalid-data',
      });
      const all = [...data, ...extra, ...whole].map((one) => inMode('binary', one));
      // The data is checked by the same schema in every mode: what is left to see is that it is checked.
      const others = [...extra, ...whole].flatMap((one) => [inMode('structured', one), inMode('batch', one)]);
      const cases = [...all, ...others];
      expect(await unexpected(cases)).toEqual({});
    });

    it('refuses attributes that are missing or garbage', async () => {
      const required = ['specversion', 'id', 'source', 'type', 'time'];
      const wrong: readonly (readonly [string, unknown])[] = [
        ...required.flatMap((attribute) => [[attribute, undefined] as const, [attribute, ''] as const]),
        ...['0.3', '2', canary].map((value) => ['specversion', value] as const),
        ...[
          canary,
          '2031-02-30T10:00:00Z',
          '2031-02-03',
          '0000-01-01T00:00:00Z',
          '2031-02-03T10:00:00.1234567890Z',
        ].map((value) => ['time', value] as const),
        ['id', `${canary}${'x'.repeat(1024)}`],
        ['source', `not a uri ${canary}`],
        ['dataschema', `not a uri ${canary}`],
        ['subject', ''],
      ];
      const cases = modes.flatMap((mode) =>
        wrong.map(([attribute, value]) => ({
          what: `${mode} ${attribute} ${String(value).slice(0, 40)}`,
          request: requestOf(mode, { ...attributesOf(contract), [attribute]: value }, JSON.stringify(good())),
          expected: '400 invalid-attribute',
        })),
      );
      const inJson: readonly (readonly [string, unknown])[] = [
        ['id', `\0${canary}`],
        ['id', 7],
        ['id', [canary]],
        ['id', { [canary]: canary }],
        ['type', true],
        ['subject', `${canary}\n`],
        ['source', 1],
        ['time', 0],
        ['partitionkey', [canary]],
        [canary.replace('-', '_'), 'x'],
      ];
      const typed = inJson.map(([attribute, value]) => ({
        what: `structured ${attribute} ${JSON.stringify(value)}`,
        request: requestOf('structured', { ...attributesOf(contract), [attribute]: value }, JSON.stringify(good())),
        expected: '400 invalid-attribute',
      }));
      expect(await unexpected([...cases, ...typed])).toEqual({});
    });

    it('refuses what is no event of ours, and what cannot be read', async () => {
      const text = () => JSON.stringify(good());
      const foreign = {
        type: 'dev.knative.kafka.event',
        source: '/apis/v1/namespaces/careflow/kafkasources/x#y',
        id: 'partition:0/offset:7',
        kafkaheadercetype: canary,
      };
      const given: readonly (readonly [string, Attributes, string | undefined, string])[] = [
        ['unknown type', { type: `careflow.${canary}.v1` }, text(), '422 unknown-type'],
        ['later version', { type: contract.type.replace(/\.v1$|\.ping$/, '.v2') }, text(), '422 unknown-type'],
        ['tombstone', {}, undefined, '422 tombstone'],
        // Laboratories write into the topic as they please: what cannot be read there is put aside.
        ...(name === 'lab-results' ? [] : [['half an event', foreign, text(), '422 foreign-record'] as const]),
      ];
      const wrongSource = ['wrong source', { source: `/careflow/${canary}` }, text(), '422 wrong-source'] as const;
      const all = contract.source === undefined ? given : [...given, wrongSource];
      const cases = modes.flatMap((mode) =>
        all.map(([what, attributes, body, expected]) => ({
          what: `${mode} ${what}`,
          request: requestOf(mode, { ...attributesOf(contract), ...attributes }, body),
          expected,
        })),
      );
      const garbage = modes.flatMap((mode) =>
        notJson.map((body) => ({
          what: `${mode} ${body.slice(0, 40)}`,
          request: requestOf(mode, attributesOf(contract), body),
          expected: '400 not-json',
        })),
      );
      const huge = modes.map((mode) => ({
        what: `${mode} 2 MB`,
        request: requestOf(mode, attributesOf(contract), JSON.stringify({ ...good(), more: 'x'.repeat(2_000_000) })),
        expected: '413 payload-too-large',
      }));
      expect(await unexpected([...cases, ...garbage, ...huge])).toEqual({});
    });

    it.each(modes)('takes the good event that all these were made of, in %s mode', async (mode) => {
      const request = requestOf(mode, attributesOf(contract), JSON.stringify(good()));
      const { statusCode, payload } = await fn.app.inject(request);
      expect({ statusCode, payload }).toEqual({ statusCode: 204, payload: '' });
    });
  });

  it('log nothing of what was sent, and no failure of their own', () => {
    expect(fn.logged().filter((line) => line.includes(canary) || /"level":"(error|fatal)"/.test(line))).toEqual([]);
    expect(fn.logged().length).toBeGreaterThan(100);
  });
});

/** By name, a value of every member that an event of these contracts has. */
function sampleOf(people: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const start = Temporal.Now.instant().add({ hours: 96 }).round('hour');
  const after = (hours: number) => start.add({ hours }).toString();
  return {
    ...people,
    country: 'fr',
    bookingId: randomUUID(),
    reminderId: randomUUID(),
    version: 1,
    bookingVersion: 1,
    slotStart: after(0),
    slotEnd: after(1),
    busyStart: after(0),
    busyEnd: after(1),
    previousSlotStart: after(3),
    previousSlotEnd: after(4),
    expiresAt: Temporal.Now.instant().add({ minutes: 10 }).toString(),
    dueAt: Temporal.Now.instant().toString(),
    idempotencyKey: randomUUID(),
    deadline: after(0),
    sealed: 'a..b.c.d',
    messageId: randomUUID(),
    receivedAt: after(0),
    ...submittedData(),
    noticeId: randomUUID(),
    reportId: randomUUID(),
    alertId: randomUUID(),
    deviceId: randomUUID(),
    granteeId: randomUUID(),
    testKitId: randomUUID(),
    proofId: randomUUID(),
    grantId: randomUUID(),
    registrationId: randomUUID(),
    scanId: randomUUID(),
    customerId: people['patientId'],
    orderId: randomUUID(),
    raisedAt: Temporal.Now.instant().toString(),
    releasedAt: Temporal.Now.instant().toString(),
    correctedAt: Temporal.Now.instant().toString(),
    retractedAt: Temporal.Now.instant().toString(),
    acknowledgedAt: Temporal.Now.instant().toString(),
    occurredAt: Temporal.Now.instant().toString(),
    step: 1,
    consentVersion: '2026-03',
    addressHash: '0'.repeat(64),
    exportId: randomUUID(),
    erasureId: randomUUID(),
    from: after(0).slice(0, 10),
  };
}

function attributesOf({ type, source = '/apis/v1/namespaces/careflow/pingsources/minute' }: EventContract): Attributes {
  return { specversion: '1.0', id: randomUUID(), type, source, time: Temporal.Now.instant().toString() };
}

/** An event whose data is this text, which need not be JSON; without text it is a tombstone. */
function requestOf(mode: Mode, attributes: Attributes, data: string | undefined): InjectOptions {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  if (mode === 'binary') {
    const headers = Object.fromEntries(given.map(([name, value]) => [`ce-${name}`, String(value)]));
    const sent = {
      method: 'POST',
      url: '/events',
      headers: { ...headers, 'content-type': 'application/json' },
    } as const;
    return data === undefined ? sent : { ...sent, payload: data };
  }
  const members = JSON.stringify(Object.fromEntries(given)).slice(1, -1);
  const event = `{${members}${data === undefined ? '' : `,"data":${data}`}}`;
  const isBatch = mode === 'batch';
  return {
    method: 'POST',
    url: '/events',
    headers: { 'content-type': `application/cloudevents${isBatch ? '-batch' : ''}+json` },
    payload: isBatch ? `[${event}]` : event,
  };
}
