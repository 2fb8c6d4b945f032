import type { getCustodyScan as contract } from '../../schemas/api/homekit.ts';
import type { CustodyScanRow } from '../../shared/db/schema/homekit.ts';
import { findScan, getTestKit } from '../../shared/db/test-kits.ts';
import { type Caller, hasRole } from '../../shared/domain/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { reaches } from './access.ts';
import type { Deps } from './deps.ts';
import { representScan } from './representation.ts';

/** `GET /{country}/homekit/custody-scans/{id}`: what became of a scan. */
export function getCustodyScan(deps: Deps): Operation<typeof contract> {
  return async (id, { caller }) => {
    const scan = await findScan(deps.db, id);
    if (!scan || !(await maySee(deps, caller, scan))) throw new AppError('not-found', 'There is no such scan.');
    return { body: representScan(scan) };
  };
}

async function maySee(deps: Deps, caller: Caller, scan: CustodyScanRow): Promise<boolean> {
  if (hasRole(caller, 'staff', 'system', 'admin')) return true;
  const { patientId } = await getTestKit(deps.db, scan.testKitId);
  return patientId !== null && reaches(deps, caller, patientId);
}
