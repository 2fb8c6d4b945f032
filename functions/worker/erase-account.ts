import type { ErasureRequested } from '../../schemas/events/jobs.v1.ts';
import { findBirthDate } from '../../shared/db/birth-dates.ts';
import { completeErasure, findErasure, listErasureSteps, saveErasureStep } from '../../shared/db/erasures.ts';
import type { JobWork } from './run-job.ts';
import type { Deps } from './deps.ts';
import { erasureSteps } from './erasure-steps.ts';

/**
 * Erases a patient context by context. What is done is kept, so that it goes on there after a crash; a step that a crash cut
 * off is done again, which changes nothing.
 */
export function eraseAccount(deps: Deps): JobWork<typeof ErasureRequested> {
  return async ({ erasureId, country, patientId }, { traceparent }) => {
    const wanted = await findErasure(deps.db, country, erasureId);
    if (wanted?.status !== 'requested') return { state: 'dropped', reason: 'not-wanted' };
    const done = new Set((await listErasureSteps(deps.db, erasureId)).map(({ step }) => step));
    const bornOn = await findBirthDate(deps.contexts.patient, patientId);
    for (const { name, run } of erasureSteps(deps, { id: erasureId, country, patientId, bornOn }, traceparent)) {
      if (done.has(name)) continue;
      const erased = await run();
      await saveErasureStep(deps.db, { erasureId, step: name, erased, doneAt: deps.now() });
    }
    await completeErasure(deps.db, erasureId, deps.now());
    return { state: 'done' };
  };
}
