import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import { readTopics } from '../../../infra/local/services/topics.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { subjectContexts } from '../../../shared/db/subject-data/contexts.ts';
import { appendTo } from '../../../shared/events/append.ts';
import type { EventLog } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { type Canary, dumpRedis, dumpTables, holds, plantCanaries } from './canaries.ts';
import { openWorld, type World } from './world.ts';

/**
 * Columns of rows that stay as nobody's: what was done and when, in words that are the same for everybody. A column that is
 * not here, and is not emptied, fails the test.
 */
const SAY_NOTHING_OF_WHO = [
  'booking.booking_history.acted_as',
  'booking.booking_history.status',
  'booking.bookings.acted_as',
  'booking.bookings.specialty',
  'booking.bookings.status',
  'homekit.custody_log.reason',
  'homekit.custody_log.recorded_as',
  'homekit.custody_log.recorded_by',
  'homekit.custody_log.step',
  'homekit.custody_scans.reason',
  'homekit.custody_scans.refused_because',
  'homekit.custody_scans.scanned_as',
  'homekit.custody_scans.status',
  'homekit.custody_scans.step',
  'homekit.test_kit_registrations.consent_version',
  'homekit.test_kit_registrations.kit_code',
  'homekit.test_kit_registrations.rejected_because',
  'homekit.test_kit_registrations.status',
  'homekit.test_kits.code',
  'homekit.test_kits.sample_barcode',
  'homekit.test_kits.status',
];

/** Why results are held, what is read by no patient, and digests, from which a number that is withheld could be found. */
const SHOWN_TO_NO_PATIENT = [
  /^laboratory\.(report_versions|release_decisions|critical_alerts)\./,
  /^laboratory\.\w+\.(digest|telling)$/,
  /^laboratory\.reports\.(reviewed_by|forced_by|preference|held_because|own_held_because)$/,
];

let world: World;
let eventLog: EventLog;
let patientId: string;
let canaries: Canary[];
beforeAll(async () => {
  world = await openWorld();
  eventLog = openEventLog(world.database.url, { clientId: 'test' });
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  patientId = randomUUID();
  canaries = await plantCanaries(world, patientId);
});
afterAll(async () => {
  await eventLog.close();
  await world.close();
});

const self = () => ({ role: 'patient', subject: patientId }) as const;

async function takeJob(): Promise<AnyEvent> {
  const [event] = await world.takeEvents();
  if (!event) throw new Error('no job');
  return event;
}

type TopicRecord = { readonly topic: string; readonly text: string };

async function readAllTopics(): Promise<TopicRecord[]> {
  const records: TopicRecord[] = [];
  for (const { name: topic } of await readTopics({ brokers: 1 })) {
    for await (const { key, value, headers } of eventLog.read(topic)) {
      records.push({ topic, text: `${key} ${JSON.stringify(headers)} ${value?.toString() ?? ''}` });
    }
  }
  return records;
}

/** What every context has told by now, as it is published. */
async function relayOutboxes(): Promise<void> {
  for (const context of subjectContexts) {
    const told = `SELECT topic, event FROM ${context}.outbox ORDER BY seq`;
    await appendTo(eventLog)(await world.rows<{ topic: string; event: AnyEvent }>(told));
  }
}

const Fading = z.object({ fading: z.array(z.object({ where: z.string() })) });

describe('a patient with something in every table', () => {
  it('has a word in each of them that is theirs', () => {
    expect(canaries.length).toBeGreaterThan(120);
    expect(new Set(canaries.map(({ word }) => word)).size).toBe(canaries.length);
  });

  it('finds every word in the export, but those of former exports and those of results that nobody shows them', async () => {
    const asked = await world.ask('POST', `/fr/patients/${patientId}/export`, self());
    expect(asked).toMatchObject({ status: 202, body: { status: 'requested' } });
    expect(await world.deliver(await takeJob())).toBe(204);
    const archive = await world.ask('GET', `/fr/exports/${String(asked.body['id'])}/archive`, self());
    expect(archive.status).toBe(200);
    const text = JSON.stringify(archive.body);
    const isShown = ({ place }: Canary) => !SHOWN_TO_NO_PATIENT.some((pattern) => pattern.test(place));
    const missing = canaries.filter(({ word }) => !holds(text, word));
    expect(missing.length).toBeLessThan(20);
    expect(missing.filter(isShown).map(({ place }) => place)).toEqual(['worker.exports.archive']);
  });

  it('leaves none in the clear after the erasure, wherever it is looked for, and is told what law keeps', async () => {
    const sealed = await world.sealFor(patientId, 'word-in-topics');
    const topics = await readTopics({ brokers: 1 });
    await eventLog.append(
      topics.map(({ name: topic }) => {
        return { topic, key: patientId, value: Buffer.from(JSON.stringify({ patientId, sealed })), headers: {} };
      }),
    );
    const words = [...canaries.map(({ word }) => word), 'word-in-the-clear'];
    const value = Buffer.from('MSH|^~\\&|LIS|LAB\rPID|1||4711^^^LAB||word-in-the-clear');
    await eventLog.append(
      ['lis-results', 'dead-letters-lab-results'].map((topic) => ({ topic, key: '4711', value, headers: {} })),
    );
    await world.ask('GET', `/fr/exports/${randomUUID()}`, self());
    expect(await dumpRedis(world)).toContain(patientId);
    expect(await world.seals.unseal(world.deps.patients, patientId, sealed)).toBe('word-in-topics');

    const asked = await world.ask('POST', `/fr/patients/${patientId}/erase`, self());
    expect(asked).toMatchObject({ status: 202, body: { status: 'requested' } });
    // Other jobs lie there too: mails of the export.
    const events = await world.takeEvents();
    for (const event of events) await world.erase(event);

    const dump = await dumpTables(world);
    const left = canaries.filter(({ word }) => [...dump.values()].some((text) => holds(text, word)));
    expect(left.map(({ place }) => place).toSorted()).toEqual(SAY_NOTHING_OF_WHO);
    expect(await dumpRedis(world)).not.toContain(patientId);
    await relayOutboxes();
    const records = await readAllTopics();
    expect(new Set(records.map(({ topic }) => topic))).toEqual(new Set(topics.map(({ name }) => name)));
    const readable = records.filter(({ text }) => words.some((word) => holds(text, word)));
    expect(await world.seals.unseal(world.deps.patients, patientId, sealed)).toBeUndefined();

    // Records of 2020 of somebody who was born then.
    const erasure = await world.ask('GET', `/fr/erasures/${String(asked.body['id'])}`, self());
    const fading = Fading.parse(erasure.body).fading.map(({ where }) => where);
    expect(readable.map(({ topic }) => topic).toSorted()).toEqual(
      fading.filter((where) => topics.some(({ name }) => name === where)).toSorted(),
    );
    expect(erasure.body).toMatchObject({
      status: 'completed',
      kept: [
        { context: 'laboratory', law: 'Code de la santé publique (FR), art. R. 1112-7', until: '2048-02-01' },
        { context: 'patient', law: 'GDPR, art. 7(1); Code civil (FR), art. 2224', until: '2025-02-01' },
      ],
    });
  });

  it('has every word of what law keeps where only the holder of its key reads it', async () => {
    const rows = await world.rows<{ sealed: string }>('SELECT sealed FROM worker.retained_records');
    const opened = await Promise.all(rows.map(({ sealed }) => world.retention.open(sealed)));
    const text = JSON.stringify(opened);
    const clinical = canaries.filter(({ place }) =>
      /^(laboratory\.(?!release_pref|idem)|patient\.consents)/.test(place),
    );
    expect(clinical.length).toBeGreaterThan(35);
    expect(clinical.filter(({ word }) => !holds(text, word))).toEqual([]);
  });

  it('is named nowhere any more but where it is told that they were erased', async () => {
    const dump = await dumpTables(world);
    const naming = [...dump].filter(([, text]) => text.includes(patientId)).map(([table]) => table);
    expect(naming.filter((table) => !/outbox|records/.test(table)).toSorted()).toEqual([
      'patient.accounts',
      'patient.subject_keys',
      'worker.erasures',
      'worker.job_runs',
    ]);
  });
});
