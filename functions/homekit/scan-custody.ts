import { randomUUIDv7 } from 'node:crypto';

import type { InputOf } from '../../schemas/api/contract.ts';
import type { scanCustody as contract } from '../../schemas/api/homekit.ts';
import { scanSubmitted } from '../../shared/db/homekit-requests.ts';
import type { CustodyScanRow, TestKitRow } from '../../shared/db/schema/homekit.ts';
import { addScan, findClaim, findScannedKit } from '../../shared/db/test-kits.ts';
import { type Caller, hasRole, type Role } from '../../shared/domain/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustReach } from './access.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';

/** `POST /{country}/homekit/custody-scans`: keeps a step of a kit's chain of custody to be seen to. */
export function scanCustody(deps: Deps): Operation<typeof contract> {
  return async (input, context) => {
    mustFit(input);
    const kit = await findScannedKit(deps.db, input.country, input.code);
    if (kit === undefined) throw noSuchKit();
    const scannedAs = await mustScan(deps, context.caller, kit, input.step);
    const cause = { now: deps.now(), traceparent: context.traceparent };
    const scannedBy = scannedAs === 'patient' ? null : context.caller.subject;
    const scan = newScan(input, kit, { scannedBy, scannedAs }, cause.now);
    const body = await commit(deps, context, 202, async (tx) => {
      await addScan(tx, scan);
      return { body: { id: scan.id, status: scan.status }, events: [scanSubmitted(scan, cause)] };
    });
    return { body };
  };
}

/** What a step is told with. */
function mustFit({ step, reason, orderId }: InputOf<typeof contract>): void {
  const errors = [
    ...((step === 'rejected') === (reason !== undefined)
      ? []
      : [{ path: '/reason', message: 'Goes with the step `rejected`, and has to' }]),
    ...(orderId === undefined || step === 'ordered' || step === 'shipped'
      ? []
      : [{ path: '/orderId', message: 'Goes with the steps `ordered` and `shipped`' }]),
  ];
  if (errors.length > 0) throw new AppError('invalid-input', 'See errors for what to mend.', { errors });
}

const OFFICES: readonly Role[] = ['staff', 'system', 'admin'];
const STEPS_OF_HOLDERS: ReadonlySet<string> = new Set(['collected', 'posted']);

/** Those who run the way of a kit scan every step; whoever registered it says when they collected and posted it. */
async function mustScan(deps: Deps, caller: Caller, kit: TestKitRow, step: string): Promise<Role> {
  if (hasRole(caller, ...OFFICES)) return mustReach(deps, caller, caller.subject);
  const claim = await findClaim(deps.db, kit.code);
  if (claim === undefined || claim.country !== kit.country) throw noSuchKit();
  const role = await mustReach(deps, caller, claim.patientId);
  if (STEPS_OF_HOLDERS.has(step)) return role;
  throw new AppError('forbidden', 'You may say when the sample was collected and posted.');
}

function noSuchKit(): AppError {
  return new AppError('not-found', 'There is no such kit.');
}

function newScan(
  { country, step, happenedAt, reason, orderId }: InputOf<typeof contract>,
  { id: testKitId }: TestKitRow,
  scanner: Pick<CustodyScanRow, 'scannedBy' | 'scannedAs'>,
  now: Temporal.Instant,
): CustodyScanRow {
  return {
    id: randomUUIDv7(),
    testKitId,
    country,
    step,
    happenedAt: Temporal.Instant.from(happenedAt),
    reason: reason ?? null,
    orderId: orderId ?? null,
    ...scanner,
    status: 'received',
    refusedBecause: null,
    createdAt: now,
  };
}
