import type { EventOf } from '../../schemas/events/contract.ts';
import type {
  CriticalResultAcknowledged,
  CriticalResultEscalated,
  CriticalResultRaised,
} from '../../schemas/events/lab-result.v1.ts';
import { acknowledgeAlert } from '../../shared/db/deliveries.ts';
import { once } from '../../shared/db/inbox.ts';
import { getPractitionerContact, listStandIns } from '../../shared/db/recipients.ts';
import { notificationInbox } from '../../shared/db/schema/notification.ts';
import type { Deps } from './deliver.ts';
import { CONSUMER } from './plan.ts';
import { tell } from './tell.ts';

type AlertEvent = EventOf<typeof CriticalResultRaised | typeof CriticalResultEscalated>;

/**
 * Alerts the practitioner of a critical result, at any hour. What nobody has acknowledged in time goes also to those who
 * stand in for them.
 */
export function alertClinician(deps: Deps) {
  return tell(deps, async (event: AlertEvent) => {
    const { alertId: subjectId, country, patientId, practitionerId, raisedAt } = event.data;
    const occurredAt = Temporal.Instant.from(event.time);
    const step = 'step' in event.data ? event.data.step : undefined;
    const { recipient } = await getPractitionerContact(deps.practitioners, country, practitionerId);
    const about = { country, patientId, subjectId, occurredAt };
    if (step === undefined) {
      return { notice: { ...about, kind: 'critical-result-raised', subjectVersion: 1 }, recipients: [recipient] };
    }
    const standIns = await listStandIns(deps.practitioners, country, practitionerId, deps.now());
    const minutes = Math.round(Temporal.Instant.from(raisedAt).until(occurredAt).total('minutes'));
    const notice = {
      ...about,
      kind: 'critical-result-escalated',
      subjectVersion: 1 + step,
      facts: { minutes },
    } as const;
    return { notice, recipients: [recipient, ...standIns] };
  });
}

/** Stops every alert of a critical result that is not sent yet, and those still to come. */
export function stopAlerts({ db }: Pick<Deps, 'db'>) {
  return async (event: EventOf<typeof CriticalResultAcknowledged>): Promise<void> => {
    const { alertId, acknowledgedAt } = event.data;
    await once(db, notificationInbox, CONSUMER, event, (tx) =>
      acknowledgeAlert(tx, alertId, Temporal.Instant.from(acknowledgedAt)),
    );
  };
}
