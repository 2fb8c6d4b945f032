import * as jobs from '../../schemas/events/jobs.v1.ts';
import { failErasure } from '../../shared/db/erasures.ts';
import { failExport } from '../../shared/db/exports.ts';
import type { Subscription } from '../../shared/runtime/function.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import type { Deps } from './deps.ts';
import { eraseAccount } from './erase-account.ts';
import { exportAccount } from './export-account.ts';
import { runJob } from './run-job.ts';
import { sendEmail } from './send-email.ts';
import { sendSms } from './send-sms.ts';
import { synchronise } from './synchronise.ts';

/** Every job of the topic; a type left out would go to the dead letters. */
export function subscriptionsOf(deps: Deps): Subscription[] {
  return [
    subscribe(jobs.EmailRequested, runJob(deps, jobs.EmailRequested, sendEmail(deps))),
    subscribe(jobs.SmsRequested, runJob(deps, jobs.SmsRequested, sendSms(deps))),
    subscribe(jobs.SynchronisationRequested, runJob(deps, jobs.SynchronisationRequested, synchronise(deps))),
    subscribe(
      jobs.ExportRequested,
      runJob(deps, jobs.ExportRequested, exportAccount(deps), ({ exportId }) => failExport(deps.db, exportId)),
    ),
    subscribe(
      jobs.ErasureRequested,
      runJob(deps, jobs.ErasureRequested, eraseAccount(deps), ({ erasureId }) => failErasure(deps.db, erasureId)),
    ),
  ];
}
