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
import { actsAs } from './access.ts';
import { commit } from './commit.ts';
import { pageOf, readCursor } from './cursor.ts';
import type { Deps } from './deps.ts';

/** `GET /{country}/critical-results`: what a practitioner was told of, and of those they stand in for; all for an office. */
export function listCriticalResults(deps: Deps): Operation<typeof api.listCriticalResults> {
  return async ({ country, cursor, limit }, { caller }) => {
    const place = readCursor(cursor);
    const after = place && { raisedAt: place.at, id: place.id };
    const practitionerIds = isOffice(caller) ? undefined : await actsAs(deps, caller, country);
    const found = await listOpenAlerts(deps.db, { country, practitionerIds }, { after, limit: limit + 1 });
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
      if (alert.reportId !== known.reportId) throw new AppError('unavailable', 'The result is being moved: ask again.');
      if (alert.acknowledgedAt) return { body: representAlert(alert) };
      if (alert.closedAt) throw new AppError('conflict', 'The result was corrected meanwhile.');
      const next = { ...alert, acknowledgedAt: at.now, acknowledgedBy: context.caller.subject };
      await saveAlert(tx, next);
      const { practitionerId } = next;
      const told = practitionerId === null ? [] : [criticalAcknowledged({ ...next, practitionerId }, at)];
      await enqueue(tx, laboratoryOutbox, told);
      const { events } = await changeRelease(tx, { country, id: alert.reportId }, (piece) => piece, at);
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

/** Who was told, who ordered, who is on duty, or who stands in for one of them; and offices. */
async function isTheirs(deps: Deps, caller: Caller, alert: AlertRow): Promise<boolean> {
  if (isOffice(caller)) return true;
  const own = await actsAs(deps, caller, alert.country);
  if (own.some((id) => alert.toldIds.includes(id))) return true;
  const report = await findReport(deps.db, { country: alert.country, id: alert.reportId });
  const onDuty = await findDutyClinician(deps.db, alert.country);
  return own.some((id) => id === report?.practitionerId || id === onDuty);
}

function isOffice(caller: Caller): boolean {
  return hasRole(caller, 'staff', 'admin');
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
