import type { Database } from '../client.ts';
import { bookingData } from './booking.ts';
import { homekitData } from './homekit.ts';
import { laboratoryData } from './laboratory.ts';
import { notificationData } from './notification.ts';
import { patientData } from './patient.ts';
import type { SubjectData } from './subject-table.ts';
import { workerData } from './worker.ts';

/** The contexts that keep something of patients, in the order in which they are erased: the patient's own near the end. */
export const subjectContexts = ['booking', 'homekit', 'laboratory', 'notification', 'patient', 'worker'] as const;
export type SubjectContext = (typeof subjectContexts)[number];

/** Each context's database, over its own role. */
export type SubjectDatabases = Readonly<Record<SubjectContext, Database>>;

export const subjectData: Readonly<Record<SubjectContext, SubjectData>> = {
  booking: bookingData,
  homekit: homekitData,
  laboratory: laboratoryData,
  notification: notificationData,
  patient: patientData,
  worker: workerData,
};
