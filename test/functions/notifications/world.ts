import { randomUUID } from 'node:crypto';

import { Client } from 'pg';
import { pino } from 'pino';

import { BookingCancelled, BookingCreated, BookingRescheduled } from '../../../schemas/events/booking.v1.ts';
import type { AnyEvent, EventContract, EventOf } from '../../../schemas/events/contract.ts';
import { subscriptionsOf } from '../../../functions/notifications/subscriptions.ts';
import { connectDatabase } from '../../../shared/db/client.ts';
import { releaseDueDeliveries } from '../../../shared/db/notices.ts';
import { triggerDueReminders } from '../../../shared/db/reminders.ts';
import { defaultLadder } from '../../../shared/domain/reminder.ts';
import type { Channel } from '../../../shared/domain/notification.ts';
import type { SendEmail } from '../../../shared/notify/email.ts';
import type { SendPush } from '../../../shared/notify/push.ts';
import type { SendSms } from '../../../shared/notify/sms.ts';
import { buildServer } from '../../../shared/runtime/server.ts';
import { createDatabase } from '../../support/services/database.ts';
import { requestOf } from '../event-request.ts';

export type Sent = {
  readonly channel: Channel;
  readonly to: string;
  readonly subject: string | undefined;
  readonly text: string;
  readonly calendar: string | undefined;
  readonly deliveryId: string;
};

export type Providers = {
  readonly sendEmail: SendEmail;
  readonly sendSms: SendSms;
  readonly sendPush: SendPush;
  /** They do unless they do not. */
  readonly hearsProviders?: boolean;
};

/** Providers that take everything and remember it. */
export function mailbox(sent: Sent[] = []) {
  const take = (message: Sent) => ({ providerMessageId: `m-${sent.push(message)}` });
  const providers: Providers = {
    sendEmail: async ({ to, subject, text, attachments = [], idempotencyKey }) =>
      take({ channel: 'email', to, subject, text, calendar: attachments[0]?.content, deliveryId: idempotencyKey }),
    sendSms: async ({ to, text, idempotencyKey }) =>
      take({ channel: 'sms', to, subject: undefined, text, calendar: undefined, deliveryId: idempotencyKey }),
    sendPush: async ({ to, text, idempotencyKey }) =>
      take({ channel: 'push', to, subject: undefined, text, calendar: undefined, deliveryId: idempotencyKey }),
  };
  return { sent, ...providers };
}

export const MORNING = '2030-01-01T09:00:00Z';
const ZONE = 'Europe/Paris';
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** The function over a database of its own; the clock stands still until it is set. */
export async function openWorld() {
  const database = await createDatabase();
  const superuser = new Client({ connectionString: database.url });
  await superuser.connect();
  let time = Temporal.Instant.from(MORNING);
  const now = () => time;
  const db = connectDatabase(database.urlFor('careflow_notification'), { applicationName: 'test' });
  const box = mailbox();
  const closers: (() => Promise<unknown>)[] = [];

  function connect(role: string) {
    return connectDatabase(database.urlFor(role), { applicationName: 'notifications' });
  }

  /** Another process of the function, over the same database. */
  function startFunction(providers: Providers, laboratory = connect('careflow_laboratory_reader')) {
    const own = connect('careflow_notification');
    const patients = connect('careflow_patient_reader');
    const practitioners = connect('careflow_practitioner_reader');
    const deps = {
      db: own,
      patients,
      practitioners,
      laboratory,
      hearsProviders: true,
      ...providers,
      emailFrom: 'no-reply@careflow.example',
      now,
    };
    const subscriptions = subscriptionsOf({ ...deps, ladder: defaultLadder });
    const app = buildServer(
      { name: 'notifications', routes: [], subscriptions, dependencies: {}, close: nothing },
      { log: pino({ level: 'silent' }) },
    );
    closers.push(async () => {
      await app.close();
      await Promise.all([own, patients, practitioners, laboratory].map(({ $client }) => $client.end()));
    });
    return async (event: AnyEvent): Promise<number> => (await app.inject(requestOf(event))).statusCode;
  }

  const deliver = startFunction(box);

  /** What a KafkaSource does: delivers again while the answer asks for it. */
  async function deliverUntilDone(event: AnyEvent, to = deliver): Promise<number> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const status = await to(event);
      if (status !== 409 && status !== 429 && status < 500) return status;
    }
    throw new Error('never done');
  }

  async function rows<Row>(query: string, values: unknown[] = []): Promise<Row[]> {
    return (await superuser.query(query, values)).rows;
  }

  const published = connect('careflow_patient_reader');
  closers.push(() => published.$client.end());

  return {
    db,
    patients: published,
    now,
    /** The superuser's, and those the function connects with. */
    urls: [
      database.url,
      ...['notification', 'patient_reader', 'practitioner_reader', 'laboratory_reader'].map((role) =>
        database.urlFor(`careflow_${role}`),
      ),
    ],
    sent: box.sent,
    deliver,
    deliverUntilDone,
    startFunction,
    rows,
    setTime: (text: string) => {
      time = Temporal.Instant.from(text);
    },
    pass: (duration: Temporal.DurationLike) => {
      time = time.add(duration);
    },

    async addPractitioner(values: Partial<Record<string, string | number | null>> = {}): Promise<string> {
      const id = randomUUID();
      await insert('practitioner.practitioners', {
        ...practitioner,
        id,
        ordinal: nextOrdinal(),
        email: `${id}@practice.example`,
        ...values,
      });
      return id;
    },

    async addPatient({ email, sms, push, preferences }: NewPatient = {}): Promise<string> {
      const id = randomUUID();
      const name = { given_name: 'Anna', family_name: 'Secret', birth_date: '1990-01-01', sex: 'female' };
      await insert('patient.patients', { id, country_code: 'fr', ...name, time_zone: ZONE });
      if (email !== null) await insert('patient.contact_points', contact(id, 'email', email ?? `${id}@home.example`));
      if (sms !== null) await insert('patient.contact_points', contact(id, 'sms', sms ?? '+33600000001'));
      if (push !== undefined) await insert('patient.contact_points', contact(id, 'push', push));
      await insert('patient.preferences', { patient_id: id, language: 'fr', ...preferences });
      return id;
    },

    insert,
    takeEvents,

    /** A report that its patient sees. @returns its id. */
    async addReport(patientId: string): Promise<string> {
      const id = randomUUID();
      const said = { status: 'final', category: 'routine', content: '{}', digest: id, effective_at: MORNING };
      const known = { sender: 'lab', filler_order: id, identity: id, version: 1, ...said };
      const seen = { release_at: MORNING, released_at: MORNING };
      await insert('laboratory.reports', { id, country_code: 'fr', patient_id: patientId, ...known, ...seen });
      return id;
    },

    /** What was planned for an event's recipients. */
    deliveriesOf: ({ id }: Pick<AnyEvent, 'id'>) =>
      rows<DeliveryRow>(
        `SELECT d.* FROM notification.deliveries d JOIN notification.notices n ON n.id = d.notice_id
         WHERE n.event_id = $1 ORDER BY recipient_type, channel, recipient_id`,
        [id],
      ),

    /** Triggers and releases what is due and delivers it, as cron, outbox and KafkaSource do. */
    async tick(): Promise<number> {
      const triggered = await triggerDueReminders(db, now(), 100, TRACE);
      await releaseDueDeliveries(db, now(), 100, TRACE);
      for (const event of await takeEvents()) await deliverUntilDone(event);
      return triggered;
    },

    /** Releases the notices that are due, without delivering them. */
    async release(): Promise<AnyEvent[]> {
      await releaseDueDeliveries(db, now(), 100, TRACE);
      return takeEvents();
    },

    /** Releases the one notice that is due, without delivering it. */
    async releaseOne(): Promise<AnyEvent> {
      await releaseDueDeliveries(db, now(), 100, TRACE);
      return theOneEvent();
    },

    /** Triggers the one reminder that is due, without delivering it. */
    async triggerOne(): Promise<AnyEvent> {
      await triggerDueReminders(db, now(), 100, TRACE);
      return theOneEvent();
    },

    async close() {
      await superuser.end();
      await db.$client.end();
      await Promise.all(closers.map((each) => each()));
      await database.drop();
    },
  };

  /** Those in the outbox that nobody has taken. */
  async function takeEvents(): Promise<AnyEvent[]> {
    const taken = await rows<{ event: AnyEvent }>(
      'UPDATE notification.outbox SET sent_at = now() WHERE sent_at IS NULL RETURNING event',
    );
    return taken.map(({ event }) => event);
  }

  async function theOneEvent(): Promise<AnyEvent> {
    const [first, ...others] = await takeEvents();
    if (!first || others.length > 0) throw new Error(`${others.length + 1} events are due`);
    return first;
  }

  async function insert(table: string, values: Record<string, unknown>): Promise<void> {
    const places = Object.keys(values).map((_, index) => `$${index + 1}`);
    await superuser.query(
      `INSERT INTO ${table} (${Object.keys(values).join(', ')}) VALUES (${places.join(', ')})`,
      Object.values(values),
    );
  }
}

type DeliveryRow = {
  status: string;
  channel: Channel;
  recipient_type: string;
  recipient_id: string;
  error_code: string | null;
  attempts: number;
  subject_ids: string[];
  may_repeat: boolean;
  due_at: Date;
};

export type World = Awaited<ReturnType<typeof openWorld>>;

type NewPatient = {
  readonly email?: string | null;
  readonly sms?: string | null;
  /** None unless given. */
  readonly push?: string;
  readonly preferences?: Record<string, unknown>;
};

const practitioner = {
  country_code: 'fr',
  given_name: 'Jeanne',
  family_name: 'Lefèvre',
  specialties: '{dermatology}',
  languages: '{fr}',
  time_zone: ZONE,
  address: '12 rue des Lilas',
  city: 'Lyon',
  latitude: 45,
  longitude: 4,
  phone: '+33100000001',
  language: 'fr',
};

async function nothing(): Promise<void> {}

let ordinals = 0;
function nextOrdinal(): number {
  return (ordinals += 1);
}

function contact(patientId: string, channel: string, value: string) {
  return { patient_id: patientId, channel, value };
}

/** An event as its function would publish it. */
export function eventOf<Contract extends EventContract & { source: string }>(
  { type, source }: Contract,
  data: EventOf<Contract>['data'],
  time = MORNING,
): AnyEvent {
  return { specversion: '1.0', id: randomUUID(), source, type, time, data };
}

type Parties = { readonly practitionerId: string; readonly patientId: string };

/** A booking's events as its function would publish them, each one version after the last. */
export function booking({ practitionerId, patientId }: Parties, slotStart: string, bookingId: string = randomUUID()) {
  let version = 0;
  let slot = slotAt(slotStart);

  function event(type: string, time: string, more: object = {}): AnyEvent {
    version += 1;
    const ids = { bookingId, version, country: 'fr', practitionerId, patientId, visitTypeId: randomUUID() };
    const data = { ...ids, ...slot, busyStart: slot.slotStart, busyEnd: slot.slotEnd, ...more };
    const envelope = { specversion: '1.0', id: randomUUID(), source: '/careflow/booking', type, time, data } as const;
    return { ...envelope, subject: bookingId, partitionkey: practitionerId };
  }

  return {
    id: bookingId,
    created: (time = MORNING) => event(BookingCreated.type, time),
    cancelled: (time = MORNING) => event(BookingCancelled.type, time, { cancelledBy: 'patient' }),
    rescheduled: (to: string, time = MORNING) => {
      const previous = { previousSlotStart: slot.slotStart, previousSlotEnd: slot.slotEnd };
      slot = slotAt(to);
      return event(BookingRescheduled.type, time, previous);
    },
    other: (type: string, more: object = {}) => event(type, MORNING, more),
  };
}

function slotAt(slotStart: string) {
  return { slotStart, slotEnd: Temporal.Instant.from(slotStart).add({ minutes: 30 }).toString() };
}
