import { randomUUIDv7 } from 'node:crypto';

import type { EventOf } from '../../schemas/events/contract.ts';
import type { CustodyScanSubmitted } from '../../schemas/events/homekit-registration.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { findPerson } from '../../shared/db/eligibility.ts';
import { type Cause, testKitRejected } from '../../shared/db/homekit-events.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { CustodyScanRow, SampleRejection } from '../../shared/db/schema/homekit.ts';
import {
  appendCustody,
  closeScan,
  type KnownKit,
  listCustody,
  lockRegistration,
  lockScan,
  lockTestKit,
  offerReplacement,
  saveRegistration,
  saveTestKit,
} from '../../shared/db/test-kits.ts';
import { type CustodyRefusal, takeStep } from '../../shared/domain/custody.ts';
import { againstSample } from '../../shared/domain/test-kit.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { seeTo } from './commit.ts';
import type { Deps } from './deps.ts';

/** Adds a scan to its kit's chain of custody. A sample that comes too late, or out of nowhere, is rejected with it. */
export function recordCustody(deps: Deps) {
  return async (event: EventOf<typeof CustodyScanSubmitted>, { traceparent }: EventContext): Promise<void> => {
    const { testKitId, scanId } = event.data;
    const cause = { now: deps.now(), traceparent };
    await seeTo(deps, event, async (tx) => {
      const kit = await lockTestKit(tx, testKitId);
      const scan = kit && (await lockScan(tx, scanId));
      if (kit === undefined || scan?.status !== 'received' || scan.testKitId !== testKitId) return [];
      const moved = await record(tx, kit, scan, cause);
      await closeScan(tx, scan.id, typeof moved === 'string' ? moved : null);
      if (typeof moved === 'string') return [];
      return conclude(deps, tx, moved, scan, cause);
    });
  };
}

/** @returns the kit after the step, or why it was not recorded. */
async function record(
  tx: Queryable,
  kit: KnownKit,
  scan: CustodyScanRow,
  { now }: Cause,
): Promise<KnownKit | CustodyRefusal> {
  const { step, happenedAt, reason } = scan;
  const move = takeStep({ status: kit.status, chain: await listCustody(tx, kit.id) }, scan, now);
  if ('refusedBecause' in move) return move.refusedBecause;
  const by = { recordedBy: scan.scannedBy, recordedAs: scan.scannedAs };
  await appendCustody(tx, { testKitId: kit.id, step, happenedAt, recordedAt: now, ...by, reason });
  const moved = {
    ...kit,
    status: move.status,
    orderId: scan.orderId ?? kit.orderId,
    collectedAt: step === 'collected' ? happenedAt : kit.collectedAt,
  };
  await saveTestKit(tx, moved);
  return moved;
}

/** Tells whoever registered the kit, where a step is news to them. */
async function conclude(
  deps: Deps,
  tx: Queryable,
  kit: KnownKit,
  { step, happenedAt, reason }: CustodyScanRow,
  cause: Cause,
): Promise<OutgoingEvent[]> {
  if (step === 'rejected' && reason !== null) return tellRejection(tx, kit, reason, cause);
  const fault = step === 'accessioned' ? await faultOf(deps, kit, happenedAt) : undefined;
  if (fault === undefined) {
    await raiseVersion(tx, kit, cause.now);
    return [];
  }
  const when = { happenedAt, recordedAt: cause.now };
  const by = { recordedBy: 'homekit', recordedAs: 'system', reason: fault } as const;
  await appendCustody(tx, { testKitId: kit.id, step: 'rejected', ...when, ...by });
  const rejected = { ...kit, status: 'rejected' } as const;
  await saveTestKit(tx, rejected);
  return tellRejection(tx, rejected, fault, cause);
}

async function faultOf({ patients }: Deps, kit: KnownKit, arrivedAt: Temporal.Instant) {
  const found = kit.patientId === null ? undefined : await findPerson(patients, kit.country, kit.patientId);
  const { collectedAt, lotExpiresOn, product } = kit;
  const { timeZone = 'UTC' } = found ?? {};
  return againstSample({ collectedAt, lotExpiresOn, timeZone, stabilityHours: product.stabilityHours }, arrivedAt);
}

async function tellRejection(
  tx: Queryable,
  kit: KnownKit,
  reason: SampleRejection,
  cause: Cause,
): Promise<OutgoingEvent[]> {
  const registration = await raiseVersion(tx, kit, cause.now);
  if (registration === undefined) return [];
  const offer = { id: randomUUIDv7(), registrationId: registration.id, offeredAt: cause.now };
  const replacementOfferId = await offerReplacement(tx, offer);
  const told = { testKitId: kit.id, orderId: kit.orderId };
  return [testKitRejected(registration, told, { reason, replacementOfferId }, cause)];
}

/** The chain is part of what a registration shows. */
async function raiseVersion(tx: Queryable, { registrationId }: KnownKit, now: Temporal.Instant) {
  const registration = registrationId === null ? undefined : await lockRegistration(tx, registrationId);
  return registration && saveRegistration(tx, registration, now);
}
