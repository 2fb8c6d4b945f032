import { randomUUID } from 'node:crypto';

import type { requestExport as contract } from '../../schemas/api/worker.ts';
import { requestExport as saveRequest } from '../../shared/db/exports.ts';
import { enqueue } from '../../shared/db/outbox.ts';
import { mustBePatient } from '../../shared/db/patients.ts';
import { workerOutbox } from '../../shared/db/schema/worker.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { maySpeakFor } from './access.ts';
import type { Deps } from './deps.ts';
import { exportJob } from '../../shared/db/patient-jobs.ts';

/**
 * `POST /{country}/patients/{id}/export`: one at a time. While one is under way it is the answer, and its job is asked for once
 * more: it may have been given up.
 */
export function requestExport(deps: Deps): Operation<typeof contract> {
  return async ({ country, id }, { caller, idempotency, traceparent }) => {
    const patientId = id.toLowerCase();
    await maySpeakFor(deps, caller, patientId);
    await mustBePatient(deps.patients, country, patientId);
    const wanted = { id: randomUUID(), country, patientId, requestedBy: caller.subject, requestedAt: deps.now() };
    const body = await deps.db.transaction(async (tx) => {
      const row = await saveRequest(tx, wanted);
      await enqueue(tx, workerOutbox, [exportJob(row, traceparent)]);
      const answer = { id: row.id, status: row.status };
      await deps.answers.save(tx, idempotency, { status: 202, body: answer });
      return answer;
    });
    deps.publish([patientId]);
    return { body };
  };
}
