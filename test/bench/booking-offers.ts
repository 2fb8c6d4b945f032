import { randomUUID } from 'node:crypto';

import pg from 'pg';

import { settings } from '../../functions/booking/config.ts';
import { dayBits } from '../../shared/domain/day-bits.ts';
import { defaultGrid } from '../../shared/domain/grid.ts';
import { createBitmaps } from '../../shared/redis/availability-bitmaps.ts';
import { connectRedis } from '../../shared/redis/client.ts';
import { readConfig } from '../../shared/runtime/config.ts';

/** Somebody's wish for a slot that is theirs alone: no two of them are in one another's way. */
export type Offer = { readonly token: string; readonly body: string };

/** What a load of bookings is made of; kept in a file, for the client is a process of its own. */
export type Offers = {
  readonly practices: readonly { practitionerId: string; visitTypeId: string }[];
  readonly patients: readonly { id: string; token: string }[];
  readonly starts: readonly string[];
};

/** A patient sees one after the other, slot by slot, and so returns to each after more than seven days. */
const PRACTICES = 176;
const GROUPS = 8;
const FIRST_DAY = 2;
const DAYS = 86;
const SLOTS_PER_DAY = 24;
const TIME_ZONE = 'Europe/Paris';

/** The offer of this number, as long as there are slots. Neighbours are of different practitioners and patients. */
export function offerAt({ practices, patients, starts }: Offers, number: number): Offer {
  const place = number % practices.length;
  const turn = Math.floor(number / practices.length);
  const practice = practices[place];
  const patient = patients[((place + turn) % practices.length) + practices.length * (turn % GROUPS)];
  const slotStart = starts[turn];
  if (!practice || !patient || slotStart === undefined) throw new Error('there are no more slots');
  return { token: patient.token, body: JSON.stringify({ ...practice, patientId: patient.id, slotStart }) };
}

/** How many bookings the offers allow in all. */
export function capacityOf({ practices, starts }: Offers): number {
  return practices.length * starts.length;
}

/** Adds practitioners who work all day, every day, and patients, and signs a token for each. */
export async function addOffers(url: string, tokenOf: (patientId: string) => Promise<string>): Promise<Offers> {
  const practices = Array.from({ length: PRACTICES }, () => ({
    practitionerId: randomUUID(),
    visitTypeId: randomUUID(),
  }));
  const ids = Array.from({ length: PRACTICES * GROUPS }, () => randomUUID());
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(ADD_PRACTITIONERS, [practices.map((each) => each.practitionerId)]);
  await client.query(ADD_VISIT_TYPES, [
    practices.map((each) => each.visitTypeId),
    practices.map((each) => each.practitionerId),
  ]);
  await client.query(ADD_PATIENTS, [ids]);
  await client.end();
  const patients = await Promise.all(ids.map(async (id) => ({ id, token: await tokenOf(id) })));
  return { practices, patients, starts: startsOfSlots() };
}

/** Writes what availability would have: that all slots of the practices are free. */
export async function showFree(redisUrl: string): Promise<void> {
  const redis = await connectRedis(redisUrl);
  const { days: windowDays } = readConfig({}, { days: settings.AVAILABILITY_DAYS });
  const bitmap = createBitmaps(redis, { gridOf: () => defaultGrid, days: windowDays })('fr');
  const start = Temporal.Now.plainDateISO(TIME_ZONE);
  const allFree = dayBits(
    defaultGrid,
    Array.from({ length: defaultGrid.slotsPerDay }, (_, slot) => slot),
  );
  const days = Array.from({ length: windowDays }, () => allFree);
  await bitmap.writeRows(Array.from({ length: PRACTICES }, (_, ordinal) => ({ ordinal, start, days })));
  redis.disconnect();
}

function startsOfSlots(): string[] {
  const today = Temporal.Now.plainDateISO(TIME_ZONE);
  return Array.from({ length: DAYS * SLOTS_PER_DAY }, (_, index) => {
    const day = today.add({ days: FIRST_DAY + Math.floor(index / SLOTS_PER_DAY) });
    const minute = 480 + (index % SLOTS_PER_DAY) * 30;
    const plainTime = { hour: Math.floor(minute / 60), minute: minute % 60 };
    return day.toZonedDateTime({ timeZone: TIME_ZONE, plainTime }).toInstant().toString();
  });
}

const ADD_PRACTITIONERS = `
  WITH added AS (
    INSERT INTO practitioner.practitioners
      (country_code, id, ordinal, given_name, family_name, specialties, languages, time_zone, address, city, latitude,
        longitude, language)
    SELECT 'fr', id, ordinal - 1, 'Claire', 'Fontaine', '{general-practice}', '{fr}', '${TIME_ZONE}', '1 rue de la Paix',
      'Paris', 48.87, 2.33, 'fr'
    FROM unnest($1::uuid[]) WITH ORDINALITY AS given (id, ordinal)
    RETURNING id
  )
  INSERT INTO practitioner.working_hours (country_code, practitioner_id, weekday, start_minute, end_minute)
  SELECT 'fr', id, weekday, 480, 1200 FROM added, generate_series(1, 7) AS weekday`;

const ADD_VISIT_TYPES = `
  INSERT INTO practitioner.visit_types (country_code, id, practitioner_id, name, specialty, mode, duration_minutes)
  SELECT 'fr', id, practitioner_id, 'Visit', 'specialty-' || id, 'in-person', 30
  FROM unnest($1::uuid[], $2::uuid[]) AS given (id, practitioner_id)`;

const ADD_PATIENTS = `
  INSERT INTO patient.patients (id, country_code, given_name, family_name, birth_date, sex, time_zone)
  SELECT id, 'fr', 'Camille', 'Moreau', '1985-04-12', 'female', '${TIME_ZONE}' FROM unnest($1::uuid[]) AS id`;
