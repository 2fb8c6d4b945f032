import type { getExport as contract } from '../../schemas/api/worker.ts';
import { findExport } from '../../shared/db/exports.ts';
import { hasRole } from '../../shared/domain/caller.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { isTheirs, noSuch } from './access.ts';
import type { Deps } from './deps.ts';

/** `GET /{country}/exports/{id}`. */
export function getExport(deps: Deps): Operation<typeof contract> {
  return async ({ country, id }, { caller }) => {
    const found = await findExport(deps.db, country, id);
    if (!found || !(hasRole(caller, 'admin') || (await isTheirs(deps, caller, found.patientId))))
      throw noSuch('export');
    const { status, requestedAt, completedAt, expiresAt } = found;
    return {
      body: {
        id: found.id,
        status,
        requestedAt: requestedAt.toString(),
        completedAt: completedAt?.toString() ?? null,
        expiresAt: expiresAt?.toString() ?? null,
      },
    };
  };
}
