import type * as z from 'zod';

import type * as api from '../../schemas/api/lab-results.ts';
import {
  findAlert,
  findDutyClinician,
  listOpenAlerts,
  lockAlert,
  noSuchAlert,
  saveAlert,
  saveDutyClinician as saveDuty,
} from '../../shared/db/critical-alerts.ts';
import { findReport, takeReport } from '../../shared/db/lab-reports.ts';
import { enqueue } from '../../shared/db/outbox.ts';
import { listPractitionerIds } from '../../shared/db/practitioner-ids.ts';
import { criticalAcknowledged } from '../../shared/db/result-events.ts';
import { changeRelease } from '../../shared/db/result-release.ts';
import { type AlertRow, laboratoryOutbox } from '../../shared/db/schema/laboratory.ts';
import { type Caller, hasRole } from '../../shared/domain/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { commit } from './commit.ts';
import { pageOf, readCursor } from './cursor.ts';
import type { Deps } from './deps.ts';

/** `GET /{country}/critical-results`: a practitioner's own; all for an office. */
export function listCriticalResults({ db }: Deps): Operation<typeof api.listCriticalResults> {
  return async ({ country, cursor, limit }, { caller }) => {
    const place = readCursor(cursor);
    const after = place && { raisedAt: place.at, id: place.id };
    const practitionerId = isOffice(caller) ? undefined : ownId(caller);
    const found = await listOpenAlerts(db, { country, practitionerId }, { after, limit: limit + 1 });
    const page = pageOf(found, limit, ({ raisedAt, id }) => ({ at: raisedAt, id }));
    return { body: { ...page, items: page.items.map(representAlert) } };
  };
}

/** `POST /{country}/critical-results/{id}/acknowledge`: again, and the first time counts. */
export function acknowledgeCriticalResult(deps: Deps): Operation<typeof api.acknowledgeCriticalResult> {
  return async ({ country, id }, context) => {
    const known = await findAlert(deps.db, country, id);
    if (!known || !(await isTheirs(deps, context.caller, known))) throw noSuchAlert();
    return commit(deps, context, async (tx, at) => {
      // The report first, as whoever applies a message to it does.
      await takeReport(tx, known.reportId);
      const alert = await lockAlert(tx, country, id);
      if (alert.acknowledgedAt) return { body: representAlert(alert) };
      if (alert.closedAt) throw new AppError('conflict', 'The result was corrected meanwhile.');
      const next = { ...alert, acknowledgedAt: at.now, acknowledgedBy: context.caller.subject };
      await saveAlert(tx, next);
      const { practitionerId } = next;
      const told = practitionerId === null ? [] : [criticalAcknowledged({ ...next, practitionerId }, at)];
      await enqueue(tx, laboratoryOutbox, told);
      const { events } = await changeRelease(tx, { country, id: alert.reportId }, (report) => report, at);
      return { body: representAlert(next), events: [...told, ...events] };
    });
  };
}

/** `PUT /{country}/duty-clinician`. Throws `not-found` for somebody who is no practitioner of the country. */
export function saveDutyClinician({ db, practitioners }: Deps): Operation<typeof api.saveDutyClinician> {
  return async ({ country, practitionerId }) => {
    const [known] = await listPractitionerIds(practitioners, country, [practitionerId]);
    if (known === undefined) throw new AppError('not-found', 'There is no such practitioner.');
    await saveDuty(db, country, known);
    return { body: { practitionerId: known } };
  };
}

/** Who was told, who ordered, or who is on duty; and offices. */
async function isTheirs({ db }: Deps, caller: Caller, alert: AlertRow): Promise<boolean> {
  if (isOffice(caller) || alert.practitionerId === caller.subject) return true;
  const report = await findReport(db, { country: alert.country, id: alert.reportId });
  return report?.practitionerId === caller.subject || (await findDutyClinician(db, alert.country)) === caller.subject;
}

function isOffice(caller: Caller): boolean {
  return hasRole(caller, 'staff', 'admin');
}

/** Whom an identity provider names otherwise has no alerts. */
function ownId({ subject }: Caller): string {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(subject) ? subject : '00000000-0000-0000-0000-000000000000';
}

function representAlert(alert: AlertRow): z.infer<typeof api.CriticalResult> {
  const { id, reportId, observationId, patientId, practitionerId, raisedAt, step, acknowledgedAt } = alert;
  return {
    id,
    reportId,
    observationId,
    patientId,
    practitionerId,
    raisedAt: raisedAt.toString(),
    step,
    acknowledgedAt: acknowledgedAt?.toString() ?? null,
  };
}
