import type { ErasureRequested } from '../../schemas/events/jobs.v1.ts';
import { completeErasure, findErasure, listErasureSteps, saveErasureStep } from '../../shared/db/erasures.ts';
import { birthDateOf } from './birth-date.ts';
import type { Deps } from './deps.ts';
import { erasureSteps } from './erasure-steps.ts';
import type { JobWork } from './run-job.ts';

/**
 * Erases a patient context by context. What is done is kept, so that it goes on there after a crash; a step that a crash cut
 * off is done again, which changes nothing.
 */
export function eraseAccount(deps: Deps): JobWork<typeof ErasureRequested> {
  return async ({ erasureId, country, patientId }, context) => {
    const wanted = await findErasure(deps.db, country, erasureId);
    if (wanted?.status !== 'requested') return { state: 'dropped', reason: 'not-wanted' };
    const done = new Set((await listErasureSteps(deps.db, erasureId)).map(({ step }) => step));
    const bornOn = await birthDateOf(deps, wanted);
    for (const { name, run } of erasureSteps(deps, { id: erasureId, country, patientId, bornOn }, context)) {
      if (done.has(name)) continue;
      const erased = await run();
      await saveErasureStep(deps.db, { erasureId, step: name, erased, doneAt: deps.now() });
    }
    await completeErasure(deps.db, erasureId, deps.now());
    return { state: 'done' };
  };
}
