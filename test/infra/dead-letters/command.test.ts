import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { AnyEvent } from '../../../schemas/events/contract.ts';
import type { EventLog } from '../../../shared/events/event-log.ts';
import { openEventLog } from '../../../shared/events/open-event-log.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/services/database.ts';
import { bookingEvent, deadBooking, deadLetterRecord, listRecords, refusal } from './letters.ts';

const command = fileURLToPath(new URL('../../../infra/dead-letters/main.ts', import.meta.url));
const nowhere = { PATH: process.env['PATH'], CAREFLOW_HOME: join(tmpdir(), 'careflow-is-not-here') };
const dead = 'dead-letters-notifications';

let database: TestDatabase;
let eventLog: EventLog;
let event: AnyEvent;
beforeAll(async () => {
  database = await createEmptyDatabase();
  eventLog = openEventLog(database.url, { clientId: 'dead-letters-test' });
  const topics = ['booking-events', 'dead-letters-availability', dead, 'redriven-dead-letters'];
  await eventLog.ensureTopics(topics.map((name) => ({ name, partitions: 1 })));
  event = bookingEvent();
  const garbage = {
    topic: 'booking-events',
    key: 'k',
    headers: { note: 'a secret' },
    value: Buffer.from('a secret\u001b[2J'),
  };
  await eventLog.append([
    deadBooking(event, dead),
    deadLetterRecord(garbage, dead, refusal('foreign-record')),
    deadBooking(bookingEvent(), 'dead-letters-availability', {
      body: Buffer.from('a secret of somebody else'),
      status: 500,
      extensions: {},
      reason: 'status 500',
    }),
  ]);
});
afterAll(async () => {
  await eventLog.close();
  await database.drop();
});

type Outcome = { code: number | string; out: string; err: string };

function run(
  args: string[],
  environment: NodeJS.ProcessEnv = { ...nowhere, EVENT_LOG_URL: database.url },
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { env: environment }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

const GARBAGE = 'partition:3/offset:1234';

describe('npm run dead-letters', () => {
  it('lists every dead letter with where it came from and why it died', async () => {
    const { code, out } = await run(['list']);
    expect(code).toBe(0);
    expect(out).toMatch(/^TIME +ID +TYPE +FROM +REASON +LIES AT +REDRIVEN\n/);
    expect(out).toMatch(
      new RegExp(`${event.id} +careflow.booking.created.v1 +booking-events +422 invalid-data /data/slotStart`),
    );
    expect(out).toMatch(new RegExp(`${GARBAGE} +dev.knative.kafka.event +booking-events +422 foreign-record`));
    expect(out).toContain('500 an answer of 25 characters');
    expect(out).toContain('3 of 3 dead letters; 3 are not redriven.');
  });

  it('lists one topic, or the newest ones, for programs too', async () => {
    const { out } = await run(['list', '--topic', dead, '--limit', '1', '--json']);
    expect(JSON.parse(out)).toMatchObject([
      {
        id: GARBAGE,
        topic: 'booking-events',
        position: `${dead}/0/1`,
        status: 422,
        reason: 'foreign-record',
        redrivenAt: null,
      },
    ]);
  });

  it('shows one by its event or its place, and its data only when asked', async () => {
    const shown = await run(['show', event.id]);
    expect(shown.out).toContain('http://notifications/events');
    expect(shown.out).toContain(event.traceparent);
    const byPlace = await run(['show', `${dead}/0/1`]);
    expect(byPlace.out).toContain(GARBAGE);
    for (const { out } of [shown, byPlace, await run(['list']), await run(['list', '--json'])]) {
      expect(out).not.toContain('secret');
    }
    const { out } = await run(['show', GARBAGE, '--payload']);
    expect(out).toContain('kafkaheadernote: a secret');
    expect(out).toContain('a secret·[2J');
  });

  it('puts one back, says so, and warns of doing it again', async () => {
    const before = (await listRecords(eventLog, 'booking-events')).length;
    const dry = await run(['redrive', event.id, '--dry-run']);
    expect(dry.out).toContain('Nothing was done');
    expect(await listRecords(eventLog, 'booking-events')).toHaveLength(before);

    expect((await run(['redrive', event.id])).out).toMatch(/booking-events +redriven/);
    expect(await listRecords(eventLog, 'booking-events')).toHaveLength(before + 1);
    expect((await run(['list'])).out).toContain('2 are not redriven.');

    const again = await run(['redrive', event.id]);
    expect(again.out).toContain('it was redriven before (--force does it again)');
    expect(again.code).toBe(1);
    expect(await listRecords(eventLog, 'booking-events')).toHaveLength(before + 1);
    expect((await run(['redrive', event.id, '--force'])).code).toBe(0);
    expect(await listRecords(eventLog, 'booking-events')).toHaveLength(before + 2);
  });

  it('puts all back that were not, and then has nothing to do', async () => {
    const { code, out } = await run(['redrive', '--all', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([{ to: 'booking-events' }, { to: 'booking-events' }]);
    expect((await run(['redrive', '--all'])).out).toBe('There is nothing to redrive.\n');
  });

  it('says what is wrong', async () => {
    expect(await run(['list'], nowhere)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^There is no event log. Start/),
    });
    expect(await run([])).toMatchObject({ code: 1, err: expect.stringContaining('npm run dead-letters -- list') });
    expect(await run(['redrive'])).toMatchObject({ code: 1, err: expect.stringContaining('either an ID or --all') });
    expect(await run(['show', 'nothing'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('no dead letter nothing'),
    });
  });
});
