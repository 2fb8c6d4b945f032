import { inject } from 'vitest';

import type { Contexts } from '../../../functions/cron/lanes.ts';
import { connectDatabase, type Database } from '../../../shared/db/client.ts';
import type { BookingRow } from '../../../shared/db/schema/booking.ts';
import { createDatabase } from '../../support/services/database.ts';

export type TestContexts = Contexts & {
  /** The superuser's. */
  readonly url: string;
  close(): Promise<void>;
};

/** Every context on one database of the calling test's own, each through its role. */
export async function openContexts(): Promise<TestContexts> {
  const database = await createDatabase();
  const open = (context: string) => connect(database.urlFor(`careflow_${context}`));
  const contexts = {
    booking: open('booking'),
    practitioner: open('practitioner'),
    notification: open('notification'),
    laboratory: open('laboratory'),
    homekit: open('homekit'),
    patient: open('patient'),
    worker: open('worker'),
    cron: open('cron'),
  };
  return {
    ...contexts,
    url: database.url,
    async close() {
      await Promise.all(Object.values(contexts).map((db) => db.$client.end()));
      await database.drop();
    },
  };
}

/** A database whose server nobody listens for. */
export function awayDatabase(): Database {
  return connect(`${new URL(inject('postgresUrl')).protocol}//careflow@127.0.0.1:1/away`);
}

function connect(url: string): Database {
  return connectDatabase(url, { applicationName: 'test', maxConnections: 4 });
}

/** A hold of half an hour, of a practitioner and for a patient of its own. */
export function heldBooking(hold: Partial<BookingRow> & Pick<BookingRow, 'holdExpiresAt'>): BookingRow {
  const slotStart = Temporal.Instant.from('2031-03-03T09:00:00Z');
  const slotEnd = slotStart.add({ minutes: 30 });
  const createdAt = Temporal.Instant.from('2031-03-01T10:00:00Z');
  return {
    id: crypto.randomUUID(),
    country: 'fr',
    practitionerId: crypto.randomUUID(),
    patientId: crypto.randomUUID(),
    visitTypeId: crypto.randomUUID(),
    specialty: 'dentistry',
    status: 'held',
    version: 1,
    slotStart,
    slotEnd,
    busyStart: slotStart,
    busyEnd: slotEnd,
    actedBy: 'somebody',
    actedAs: 'patient',
    createdAt,
    updatedAt: createdAt,
    ...hold,
  };
}
