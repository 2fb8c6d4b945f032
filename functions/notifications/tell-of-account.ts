import type { EventOf } from '../../schemas/events/contract.ts';
import type {
  AccountErased,
  AccountUpdated,
  ConsentGiven,
  ConsentWithdrawn,
  OrderCancelled,
  OrderPlaced,
  OrderShipped,
} from '../../schemas/events/customer.v1.ts';
import { forgetPatient } from '../../shared/db/erased-patients.ts';
import { once } from '../../shared/db/inbox.ts';
import { listPatientRecipients } from '../../shared/db/recipients.ts';
import { notificationInbox } from '../../shared/db/schema/notification.ts';
import type { NotificationKind } from '../../shared/domain/notification.ts';
import type { Deps } from './deliver.ts';
import { CONSUMER } from './plan.ts';
import { tell } from './tell.ts';

type CustomerEvent = EventOf<
  | typeof AccountUpdated
  | typeof ConsentGiven
  | typeof ConsentWithdrawn
  | typeof OrderPlaced
  | typeof OrderShipped
  | typeof OrderCancelled
>;

const kinds = {
  'careflow.account.updated.v1': 'account-updated',
  'careflow.consent.given.v1': 'consent-given',
  'careflow.consent.withdrawn.v1': 'consent-withdrawn',
  'careflow.order.placed.v1': 'order-placed',
  'careflow.order.shipped.v1': 'order-shipped',
  'careflow.order.cancelled.v1': 'order-cancelled',
} as const satisfies Readonly<Record<CustomerEvent['type'], NotificationKind>>;

/** Tells a customer what became of their account, a consent or an order. That a kit is registered tells of its consent, too. */
export function tellOfAccount(deps: Deps) {
  return tell(deps, async ({ type, data }: CustomerEvent) => {
    const { customerId: patientId, country, version: subjectVersion } = data;
    const subjectId = 'orderId' in data ? data.orderId : patientId;
    const occurredAt = Temporal.Instant.from(data.occurredAt);
    const isToldWithKit = 'testKitId' in data;
    return {
      notice: { kind: kinds[type], country, patientId, subjectId, subjectVersion, occurredAt },
      recipients: isToldWithKit ? [] : await listPatientRecipients(deps.patients, patientId, deps.now()),
    };
  });
}

/**
 * Deletes whatever concerns a customer who was erased: neither they nor those who act for them are sent any of it.
 * Nothing tells them of it here: when this event comes their addresses are gone, so whoever erases says so before.
 */
export function forgetCustomer({ db, now }: Pick<Deps, 'db' | 'now'>) {
  return async (event: EventOf<typeof AccountErased>): Promise<void> => {
    await once(db, notificationInbox, CONSUMER, event, (tx) => forgetPatient(tx, event.data.customerId, now()));
  };
}
