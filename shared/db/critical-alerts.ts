import { and, arrayOverlaps, asc, eq, gt, inArray, isNull, lte, not, or, sql } from 'drizzle-orm';

import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { type AlertRow, criticalAlerts, dutyClinicians } from './schema/laboratory.ts';

const IS_OPEN = and(isNull(criticalAlerts.acknowledgedAt), isNull(criticalAlerts.closedAt));

const HAS_SOMEBODY = sql`(${criticalAlerts.practitionerId} IS NOT NULL OR EXISTS (
  SELECT FROM laboratory.duty_clinicians d WHERE d.country_code = ${criticalAlerts.country}))`;

/** Raises alerts; what was raised before stays as it is. @returns those that were not. */
export async function raiseAlerts(tx: Queryable, alerts: readonly AlertRow[]): Promise<AlertRow[]> {
  if (alerts.length === 0) return [];
  return tx
    .insert(criticalAlerts)
    .values([...alerts])
    .onConflictDoNothing()
    .returning();
}

/** Has somebody told of a report's open alerts that have nobody. @returns those alerts. */
export async function addressAlerts(tx: Queryable, reportId: string, practitionerId: string): Promise<AlertRow[]> {
  return tx
    .update(criticalAlerts)
    .set({ practitionerId, toldIds: [practitionerId] })
    .where(and(eq(criticalAlerts.reportId, reportId), isNull(criticalAlerts.practitionerId), IS_OPEN))
    .returning();
}

/** Ends what nobody has to take note of any more. */
export async function closeAlerts(
  tx: Queryable,
  observationIds: readonly string[],
  now: Temporal.Instant,
): Promise<void> {
  if (observationIds.length === 0) return;
  await tx
    .update(criticalAlerts)
    .set({ closedAt: now })
    .where(and(inArray(criticalAlerts.observationId, [...observationIds]), IS_OPEN));
}

/** Alerts go with what they are about, into the report that it is in now. */
export async function moveAlerts(tx: Queryable, observationIds: readonly string[], reportId: string): Promise<void> {
  await tx
    .update(criticalAlerts)
    .set({ reportId })
    .where(inArray(criticalAlerts.observationId, [...observationIds]));
}

/** All that were ever raised of a report. */
export async function listAlerts(db: Queryable, reportId: string): Promise<AlertRow[]> {
  return db.select().from(criticalAlerts).where(eq(criticalAlerts.reportId, reportId)).orderBy(asc(criticalAlerts.id));
}

/** The alert with whom it is told to from now on, beside all who were before. */
export function toldTo(alert: AlertRow, practitionerId: string): AlertRow & { readonly practitionerId: string } {
  return { ...alert, practitionerId, toldIds: [...new Set([...alert.toldIds, practitionerId])] };
}

/** Whether any of the practitioners was alerted to something in a report. */
export async function wasAlerted(
  db: Queryable,
  reportId: string,
  practitionerIds: readonly string[],
): Promise<boolean> {
  const [alert] = await db
    .select({ id: criticalAlerts.id })
    .from(criticalAlerts)
    .where(and(eq(criticalAlerts.reportId, reportId), arrayOverlaps(criticalAlerts.toldIds, [...practitionerIds])))
    .limit(1);
  return alert !== undefined;
}

/** Whether a patient has an open alert that was raised after `since`. */
export async function hasAlertSince(db: Queryable, patientId: string, since: Temporal.Instant): Promise<boolean> {
  const [alert] = await db
    .select({ id: criticalAlerts.id })
    .from(criticalAlerts)
    .where(and(eq(criticalAlerts.patientId, patientId), IS_OPEN, gt(criticalAlerts.raisedAt, since)))
    .limit(1);
  return alert !== undefined;
}

/** An alert is found in its own country only. */
export async function findAlert(db: Queryable, country: string, id: string): Promise<AlertRow | undefined> {
  const [alert] = await db
    .select()
    .from(criticalAlerts)
    .where(and(eq(criticalAlerts.id, id), eq(criticalAlerts.country, country)));
  return alert;
}

/** Reads an alert and keeps it from others until the transaction ends. Throws `not-found`. */
export async function lockAlert(tx: Queryable, country: string, id: string): Promise<AlertRow> {
  const [alert] = await tx
    .select()
    .from(criticalAlerts)
    .where(and(eq(criticalAlerts.id, id), eq(criticalAlerts.country, country)))
    .for('update');
  if (alert === undefined) throw noSuchAlert();
  return alert;
}

export function noSuchAlert(): AppError {
  return new AppError('not-found', 'There is no such alert.');
}

/** Open alerts of a country, of those that these practitioners were told of where they are named, the oldest first. */
export async function listOpenAlerts(
  db: Queryable,
  { country, practitionerIds }: { country: string; practitionerIds: readonly string[] | undefined },
  { after, limit }: { after: { raisedAt: Temporal.Instant; id: string } | undefined; limit: number },
): Promise<AlertRow[]> {
  return db
    .select()
    .from(criticalAlerts)
    .where(
      and(
        eq(criticalAlerts.country, country),
        IS_OPEN,
        practitionerIds && arrayOverlaps(criticalAlerts.toldIds, [...practitionerIds]),
        after && sql`(${criticalAlerts.raisedAt}, ${criticalAlerts.id}) > (${after.raisedAt.toString()}, ${after.id})`,
      ),
    )
    .orderBy(asc(criticalAlerts.raisedAt), asc(criticalAlerts.id))
    .limit(limit);
}

/**
 * Open alerts that may be due for a step or have nobody to tell, locked; those another transaction has are being dealt with.
 * `dueBefore` gives, by the step an alert has, the latest time it was raised at to be due.
 */
export async function lockDueAlerts(
  tx: Queryable,
  dueBefore: readonly [Temporal.Instant, Temporal.Instant, Temporal.Instant],
  limit: number,
): Promise<AlertRow[]> {
  const isDue = dueBefore.map((before, step) =>
    and(eq(criticalAlerts.step, step), lte(criticalAlerts.raisedAt, before)),
  );
  return tx
    .select()
    .from(criticalAlerts)
    .where(and(IS_OPEN, or(...isDue, isNull(criticalAlerts.practitionerId)), HAS_SOMEBODY))
    .orderBy(asc(criticalAlerts.raisedAt), asc(criticalAlerts.id))
    .limit(limit)
    .for('update', { skipLocked: true });
}

export async function saveAlert(tx: Queryable, { id, ...alert }: AlertRow): Promise<void> {
  await tx.update(criticalAlerts).set(alert).where(eq(criticalAlerts.id, id));
}

/** Throws `unavailable` while there are alerts that nobody can be told of: somebody has to be named for their country. */
export async function mustHaveSomebody(db: Queryable): Promise<void> {
  const [alert] = await db
    .select({ id: criticalAlerts.id })
    .from(criticalAlerts)
    .where(and(IS_OPEN, not(HAS_SOMEBODY)))
    .limit(1);
  if (alert !== undefined) throw new AppError('unavailable', 'A critical result has nobody to be told to.');
}

/** Who is told of what nobody of ours ordered; undefined where nobody was named. */
export async function findDutyClinician(db: Queryable, country: string): Promise<string | undefined> {
  const [duty] = await db.select().from(dutyClinicians).where(eq(dutyClinicians.country, country));
  return duty?.practitionerId;
}

export async function saveDutyClinician(db: Queryable, country: string, practitionerId: string): Promise<void> {
  await db
    .insert(dutyClinicians)
    .values({ country, practitionerId })
    .onConflictDoUpdate({ target: dutyClinicians.country, set: { practitionerId } });
}
