import * as availabilityApi from '../../schemas/api/availability.ts';
import * as bookingApi from '../../schemas/api/booking.ts';
import type { OperationContract } from '../../schemas/api/contract.ts';
import * as customerApi from '../../schemas/api/customer.ts';
import * as homekitApi from '../../schemas/api/homekit.ts';
import * as labResultsApi from '../../schemas/api/lab-results.ts';
import * as notificationsApi from '../../schemas/api/notifications.ts';
import * as workerApi from '../../schemas/api/worker.ts';
import * as availabilityEvents from '../../schemas/events/availability.v1.ts';
import * as bookingEvents from '../../schemas/events/booking.v1.ts';
import type { EventContract } from '../../schemas/events/contract.ts';
import * as customerEvents from '../../schemas/events/customer.v1.ts';
import * as homekitRegistrationEvents from '../../schemas/events/homekit-registration.v1.ts';
import * as homekitEvents from '../../schemas/events/homekit.v1.ts';
import * as jobEvents from '../../schemas/events/jobs.v1.ts';
import * as labMessageEvents from '../../schemas/events/lab-message.v1.ts';
import * as labResultEvents from '../../schemas/events/lab-result.v1.ts';
import * as noticeEvents from '../../schemas/events/notice.v1.ts';
import * as platformEvents from '../../schemas/events/platform.v1.ts';
import * as practitionerEvents from '../../schemas/events/practitioner.v1.ts';
import * as reminderEvents from '../../schemas/events/reminder.v1.ts';

/** The HTTP contracts by workload. */
export const operations: Readonly<Record<string, readonly OperationContract[]>> = {
  availability: contractsOf(availabilityApi, isOperation),
  booking: contractsOf(bookingApi, isOperation),
  customer: contractsOf(customerApi, isOperation),
  homekit: contractsOf(homekitApi, isOperation),
  'lab-results': contractsOf(labResultsApi, isOperation),
  notifications: contractsOf(notificationsApi, isOperation),
  worker: contractsOf(workerApi, isOperation),
};

export const events: readonly EventContract[] = [
  availabilityEvents,
  bookingEvents,
  customerEvents,
  homekitEvents,
  homekitRegistrationEvents,
  jobEvents,
  labMessageEvents,
  labResultEvents,
  noticeEvents,
  platformEvents,
  practitionerEvents,
  reminderEvents,
].flatMap((module) => contractsOf(module, isEvent));

function contractsOf<Contract>(module: object, is: (value: unknown) => value is Contract): Contract[] {
  return Object.values(module).filter(is);
}

function isOperation(value: unknown): value is OperationContract {
  return typeof value === 'object' && value !== null && 'method' in value && 'path' in value;
}

function isEvent(value: unknown): value is EventContract {
  return typeof value === 'object' && value !== null && 'dataschema' in value;
}
