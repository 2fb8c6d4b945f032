import { escalationAt, escalationDue } from '../domain/lab-critical.ts';
import type { Database, Queryable } from './client.ts';
import { findDutyClinician, lockDueAlerts, saveAlert, toldTo } from './critical-alerts.ts';
import { enqueue, type OutgoingEvent } from './outbox.ts';
import { criticalEscalated, criticalRaised } from './result-events.ts';
import { type AlertRow, laboratoryOutbox } from './schema/laboratory.ts';

type At = { readonly now: Temporal.Instant; readonly traceparent: string };

/**
 * Escalates a batch of the alerts that nobody has taken note of in time, and raises those that had nobody to be told to.
 * From the second step on the duty clinician is told, where there is one. Resolves to how many there were.
 */
export async function escalateDueAlerts(db: Database, at: At, limit: number): Promise<number> {
  return db.transaction(async (tx) => {
    const alerts = await lockDueAlerts(tx, raisedBefore(at.now), limit);
    const events: OutgoingEvent[] = [];
    for (const alert of alerts) events.push(...(await escalate(tx, alert, at)));
    await enqueue(tx, laboratoryOutbox, events);
    return alerts.length;
  });
}

async function escalate(tx: Queryable, alert: AlertRow, at: At): Promise<OutgoingEvent[]> {
  const due = escalationDue({ ...alert, acknowledgedAt: undefined }, at.now);
  const duty = await findDutyClinician(tx, alert.country);
  const practitionerId = (due !== undefined && due > 1 ? duty : undefined) ?? alert.practitionerId ?? duty;
  if (practitionerId === undefined) return [];
  const next = { ...toldTo(alert, practitionerId), step: due ?? alert.step };
  await saveAlert(tx, next);
  const raised = alert.practitionerId === null ? [criticalRaised(next, at)] : [];
  return due === undefined ? raised : [...raised, criticalEscalated(next, at)];
}

/** The latest times at which an alert was raised for its first, second and third step to be due. */
function raisedBefore(now: Temporal.Instant): [Temporal.Instant, Temporal.Instant, Temporal.Instant] {
  return [before(1), before(2), before(3)];

  function before(step: 1 | 2 | 3): Temporal.Instant {
    const due = escalationAt(now, step);
    return due === undefined ? now : now.subtract(now.until(due));
  }
}
