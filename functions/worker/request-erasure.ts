import { randomUUID } from 'node:crypto';

import type { requestErasure as contract } from '../../schemas/api/worker.ts';
import { isErasureOpen, requestErasure as saveRequest } from '../../shared/db/erasures.ts';
import { enqueue } from '../../shared/db/outbox.ts';
import { mustBePatient } from '../../shared/db/patients.ts';
import { workerOutbox } from '../../shared/db/schema/worker.ts';
import { type RetainedKind, retainedKinds, retentionOf } from '../../shared/domain/retention.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { maySpeakFor } from './access.ts';
import type { Deps } from './deps.ts';
import { fading } from './fading.ts';
import { erasureJob } from '../../shared/db/patient-jobs.ts';

/**
 * `POST /{country}/patients/{id}/erase`: once. While it is under way it is the answer, and its job is asked for once more: it may
 * have been given up.
 */
export function requestErasure(deps: Deps): Operation<typeof contract> {
  return async ({ country, id }, { caller, idempotency, traceparent }) => {
    const patientId = id.toLowerCase();
    await maySpeakFor(deps, caller, patientId);
    if (!(await isErasureOpen(deps.db, country, patientId))) await mustBePatient(deps.patients, country, patientId);
    const wanted = { id: randomUUID(), country, patientId, requestedBy: caller.subject, requestedAt: deps.now() };
    const body = await deps.db.transaction(async (tx) => {
      const row = await saveRequest(tx, wanted);
      if (row.status === 'requested') await enqueue(tx, workerOutbox, [erasureJob(row, traceparent)]);
      const lawKeeps = retainedKinds.map((what) => lawOf(what, country));
      const answer = { id: row.id, status: row.status, lawKeeps, fading };
      await deps.answers.save(tx, idempotency, { status: 202, body: answer });
      return answer;
    });
    deps.publish([patientId]);
    return { body };
  };
}

/** Told at once: whoever is erased has no session any more in which they could ask. */
function lawOf(what: RetainedKind, country: string) {
  const { law, years } = retentionOf(what, country);
  return { what, law, years };
}
