import type { getErasure as contract } from '../../schemas/api/worker.ts';
import { findErasure, listErasureSteps, listRetained } from '../../shared/db/erasures.ts';
import type { ErasureRow } from '../../shared/db/schema/worker.ts';
import { type Caller, hasRole } from '../../shared/domain/caller.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { isTheirs, noSuch } from './access.ts';
import type { Deps } from './deps.ts';
import { fading } from './fading.ts';

/** `GET /{country}/erasures/{id}`: also for whoever asked for it, who is nobody's guardian any more when it is done. */
export function getErasure(deps: Deps): Operation<typeof contract> {
  return async ({ country, id }, { caller }) => {
    const found = await findErasure(deps.db, country, id);
    if (!found || !(await mayRead(deps, caller, found))) throw noSuch('erasure');
    const [steps, kept] = await Promise.all([listErasureSteps(deps.db, found.id), listRetained(deps.db, found.id)]);
    return {
      body: {
        id: found.id,
        status: found.status,
        requestedAt: found.requestedAt.toString(),
        completedAt: found.completedAt?.toString() ?? null,
        done: steps.map(({ step, erased, doneAt }) => ({ step, erased, doneAt: doneAt.toString() })),
        kept: kept.map(({ context, law, keptUntil, records }) => ({
          context,
          law,
          until: keptUntil.toString(),
          records,
        })),
        fading,
      },
    };
  };
}

async function mayRead(deps: Deps, caller: Caller, { patientId, requestedBy }: ErasureRow): Promise<boolean> {
  if (hasRole(caller, 'admin') || caller.subject === requestedBy) return true;
  return isTheirs(deps, caller, patientId);
}
