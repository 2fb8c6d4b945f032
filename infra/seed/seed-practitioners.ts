import { randomUUIDv7 } from 'node:crypto';

import { and, type Column, eq, inArray, max, sql } from 'drizzle-orm';

import { PractitionerScheduleChanged } from '../../schemas/events/practitioner.v1.ts';
import type { Database, Queryable } from '../../shared/db/client.ts';
import { enqueue, outgoing } from '../../shared/db/outbox.ts';
import {
  practitionerOutbox,
  practitioners,
  scheduleExceptions,
  standIns,
  visitTypes,
  workingHours,
} from '../../shared/db/schema/practitioner.ts';
import { startSpan } from '../../shared/runtime/trace-context.ts';
import type { CountryCode } from './country.ts';
import { practitionerId, samplePractitioner, type SamplePractitioner } from './practitioner.ts';
import { replace, upsert } from './rows.ts';

/** Any number, the same for all who give out places in the bitmap. */
const ORDINAL_LOCK = 4_202_613;

const profiles = { table: practitioners, key: [practitioners.country, practitioners.id] };
const hours = {
  table: workingHours,
  key: [workingHours.country, workingHours.practitionerId, workingHours.weekday, workingHours.startMinute],
};
const exceptions = { table: scheduleExceptions, key: [scheduleExceptions.country, scheduleExceptions.id] };
const colleagues = { table: standIns, key: [standIns.country, standIns.practitionerId, standIns.standInId] };
const visits = { table: visitTypes, key: [visitTypes.country, visitTypes.id] };

/**
 * Makes the sample practitioners from `first` up to `end` be there as they should. Those who were there with other hours
 * or exceptions are told of by PractitionerScheduleChanged; for new ones there is nothing yet that could be outdated.
 */
export async function seedPractitioners(
  db: Database,
  country: CountryCode,
  { first, end, today }: { first: number; end: number; today: Temporal.PlainDate },
): Promise<void> {
  const years = yearsFrom(today);
  const indexes = Array.from({ length: end - first }, (_, offset) => first + offset);
  const samples = indexes.map((index) => samplePractitioner(country, index, years));
  await db.transaction(async (tx) => {
    const { added, changed } = await writeProfiles(tx, country, samples);
    await writeStandIns(tx, country, { first, end });
    const rescheduled = await writeSchedules(tx, country, samples);
    const known = rescheduled.filter((id) => !added.has(id));
    const versions = await raiseVersions(tx, country, [...new Set([...changed, ...known])]);
    await enqueue(
      tx,
      practitionerOutbox,
      known.map((id) => scheduleChanged(country, id, versions.get(id) ?? 1, today)),
    );
  });
}

/** As far as anybody can book: this year, and the next once its days come into reach. */
function yearsFrom(today: Temporal.PlainDate): number[] {
  return [...new Set([today.year, today.add({ days: 180 }).year])];
}

async function writeProfiles(
  tx: Queryable,
  country: CountryCode,
  samples: readonly SamplePractitioner[],
): Promise<{ added: ReadonlySet<string>; changed: string[] }> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${ORDINAL_LOCK})`);
  const ordinals = await placesOf(tx, country, samples);
  const rows = samples.map(({ profile }) => ({ ...profile, version: 1, ordinal: ordinals.get(profile.id) ?? 0 }));
  const kept = [practitioners.version, practitioners.ordinal];
  const { rows: written } = await tx.execute<{ id: string; is_new: boolean }>(
    upsert(profiles, rows, { of: practitioners.id, kept }),
  );
  const idsOf = (isNew: boolean) => written.filter((row) => row.is_new === isNew).map(({ id }) => id);
  return { added: new Set(idsOf(true)), changed: idsOf(false) };
}

/** Their rows of the bitmap: the next ones, without a gap, for those who have none. */
async function placesOf(
  tx: Queryable,
  country: CountryCode,
  samples: readonly SamplePractitioner[],
): Promise<ReadonlyMap<string, number>> {
  const ids = samples.map(({ profile }) => profile.id);
  const present = await tx
    .select({ id: practitioners.id, ordinal: practitioners.ordinal })
    .from(practitioners)
    .where(and(eq(practitioners.country, country), inArray(practitioners.id, ids)));
  const [last] = await tx
    .select({ ordinal: max(practitioners.ordinal) })
    .from(practitioners)
    .where(eq(practitioners.country, country));
  const places = new Map(present.map(({ id, ordinal }) => [id, ordinal]));
  let next = (last?.ordinal ?? -1) + 1;
  for (const id of ids) if (!places.has(id)) places.set(id, next++);
  return places;
}

const STAND_IN_SINCE = Temporal.Instant.from('2026-01-05T09:00:00Z');

/** Two by two they stand in for each other. */
async function writeStandIns(
  tx: Queryable,
  country: CountryCode,
  { first, end }: { first: number; end: number },
): Promise<void> {
  const pairs = Array.from({ length: end - first }, (_, offset) => first + offset)
    .map((index) => ({ index, colleague: index ^ 1 }))
    .filter(({ colleague }) => colleague >= first && colleague < end);
  const rows = pairs.map(({ index, colleague }) => ({
    country,
    practitionerId: practitionerId(country, index),
    standInId: practitionerId(country, colleague),
    validFrom: STAND_IN_SINCE,
    validUntil: null,
  }));
  const owners = rows.map((row) => row.practitionerId);
  await tx.execute(
    replace(colleagues, rows, { owner: standIns.practitionerId, owners, within: eq(standIns.country, country) }),
  );
}

/** @returns those whose hours or exceptions are not as they were. */
async function writeSchedules(
  tx: Queryable,
  country: CountryCode,
  samples: readonly SamplePractitioner[],
): Promise<string[]> {
  const owners = samples.map(({ profile }) => profile.id);
  const ofOwners = ({ country: column, practitionerId: owner }: { country: Column; practitionerId: Column }) => ({
    owner,
    owners,
    within: eq(column, country),
  });
  const hourRows = samples.flatMap((sample) => sample.workingHours);
  const exceptionRows = samples.flatMap((sample) => sample.exceptions);
  const visitRows = samples.flatMap((sample) => sample.visitTypes);
  const changes = [
    await tx.execute<{ id: string }>(replace(hours, hourRows, ofOwners(workingHours))),
    await tx.execute<{ id: string }>(replace(exceptions, exceptionRows, ofOwners(scheduleExceptions))),
  ];
  await tx.execute(replace(visits, visitRows, ofOwners(visitTypes)));
  return [...new Set(changes.flatMap(({ rows }) => rows.map(({ id }) => id)))];
}

async function raiseVersions(
  tx: Queryable,
  country: CountryCode,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const raised = await tx
    .update(practitioners)
    .set({ version: sql`${practitioners.version} + 1` })
    .where(and(eq(practitioners.country, country), inArray(practitioners.id, [...ids])))
    .returning({ id: practitioners.id, version: practitioners.version });
  return new Map(raised.map(({ id, version }) => [id, version]));
}

function scheduleChanged(country: CountryCode, practitionerId: string, version: number, from: Temporal.PlainDate) {
  return outgoing(PractitionerScheduleChanged, {
    id: randomUUIDv7(),
    subject: practitionerId,
    partitionKey: practitionerId,
    time: Temporal.Now.instant(),
    traceparent: startSpan(undefined).traceparent,
    data: { practitionerId, country, version, from: from.toString() },
  });
}
