import { randomUUIDv7 } from 'node:crypto';

import type { EventOf } from '../../schemas/events/contract.ts';
import type { CustodyScanSubmitted } from '../../schemas/events/homekit-registration.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { findConsent } from '../../shared/db/consents.ts';
import { findPerson } from '../../shared/db/eligibility.ts';
import { type Cause, testKitRegistered, testKitRejected } from '../../shared/db/homekit-events.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { CustodyScanRow, SampleRejection } from '../../shared/db/schema/homekit.ts';
import {
  appendCustody,
  closeScan,
  findClaim,
  findRegistration,
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
import { againstSample, type SampleFault } from '../../shared/domain/test-kit.ts';
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
      if (moved === 'out-of-turn' && (await isBeingRegistered(tx, kit))) return [];
      await closeScan(tx, scan.id, typeof moved === 'string' ? moved : null);
      if (typeof moved === 'string') return [];
      return conclude(deps, tx, { former: kit, kit: moved }, scan, cause);
    });
  };
}

/** What follows a registration that nobody has seen to yet waits: it is asked for again with that. */
async function isBeingRegistered(tx: Queryable, { code, country }: KnownKit): Promise<boolean> {
  const claim = await findClaim(tx, code);
  return claim?.status === 'received' && claim.country === country;
}

/** @returns the kit after the step, or why it was not recorded. */
async function record(
  tx: Queryable,
  kit: KnownKit,
  scan: CustodyScanRow,
  { now }: Cause,
): Promise<KnownKit | CustodyRefusal> {
  const { step, happenedAt, reason } = scan;
  const orderId = scan.orderId ?? kit.orderId;
  if (kit.orderId !== null && kit.orderId !== orderId) return 'another-order';
  const move = takeStep({ status: kit.status, chain: await listCustody(tx, kit.id) }, scan, now);
  if ('refusedBecause' in move) return move.refusedBecause;
  const by = { recordedBy: recorderOf(kit, scan), recordedAs: scan.scannedAs };
  await appendCustody(tx, { testKitId: kit.id, step, happenedAt, recordedAt: now, ...by, reason });
  const collectedAt = step === 'collected' ? happenedAt : kit.collectedAt;
  const moved = { ...kit, status: move.status, orderId, collectedAt };
  await saveTestKit(tx, moved);
  return moved;
}

/** The chain does not name the holder, in whatever role they scanned: nothing in it can be erased. */
function recorderOf({ patientId }: KnownKit, { scannedBy }: CustodyScanRow): string | null {
  return scannedBy?.toLowerCase() === patientId ? null : scannedBy;
}

type Moved = { readonly former: KnownKit; readonly kit: KnownKit };

/** Tells whoever registered the kit, where a step is news to them. */
async function conclude(
  deps: Deps,
  tx: Queryable,
  { former, kit }: Moved,
  { step, happenedAt, reason }: CustodyScanRow,
  cause: Cause,
): Promise<OutgoingEvent[]> {
  if (step === 'rejected' && reason !== null) return tellRejection(tx, kit, reason, cause);
  const fault = step === 'accessioned' ? await faultOf(deps, tx, kit, happenedAt) : undefined;
  if (fault !== undefined) return reject(tx, kit, { fault, happenedAt }, cause);
  const registration = await raiseVersion(tx, kit, cause.now);
  const isNews = former.orderId !== kit.orderId && kit.status !== 'rejected';
  return registration && isNews
    ? [testKitRegistered(registration, { testKitId: kit.id, orderId: kit.orderId }, cause)]
    : [];
}

type Rejection = { readonly fault: SampleFault; readonly happenedAt: Temporal.Instant };

async function reject(
  tx: Queryable,
  kit: KnownKit,
  { fault, happenedAt }: Rejection,
  cause: Cause,
): Promise<OutgoingEvent[]> {
  const when = { happenedAt, recordedAt: cause.now };
  const by = { recordedBy: 'homekit', recordedAs: 'system', reason: fault } as const;
  await appendCustody(tx, { testKitId: kit.id, step: 'rejected', ...when, ...by });
  const rejected = { ...kit, status: 'rejected' } as const;
  await saveTestKit(tx, rejected);
  return tellRejection(tx, rejected, fault, cause);
}

/** Consent is asked for anew: it may have been withdrawn since the kit was registered. */
async function faultOf(
  { patients }: Deps,
  tx: Queryable,
  { country, patientId, registrationId, collectedAt, lotExpiresOn, product }: KnownKit,
  arrivedAt: Temporal.Instant,
): Promise<SampleFault | undefined> {
  if (patientId === null || registrationId === null) return 'collection-time-missing';
  const registration = await findRegistration(tx, { country, id: registrationId });
  const { timeZone = 'UTC' } = (await findPerson(patients, country, patientId)) ?? {};
  const lastConsent = await findConsent(patients, patientId, 'test-kit');
  const consent = { consentedAt: registration?.createdAt ?? arrivedAt, lastConsent };
  const { stabilityHours } = product;
  return againstSample({ collectedAt, lotExpiresOn, timeZone, stabilityHours, ...consent }, arrivedAt);
}

/** Another kit is offered, unless the test is not wanted any more. */
async function tellRejection(
  tx: Queryable,
  kit: KnownKit,
  reason: SampleRejection,
  cause: Cause,
): Promise<OutgoingEvent[]> {
  const registration = await raiseVersion(tx, kit, cause.now);
  if (registration === undefined) return [];
  const offer = { id: randomUUIDv7(), registrationId: registration.id, offeredAt: cause.now };
  const isWanted = reason !== 'consent-outdated';
  const replacementOfferId = isWanted ? await offerReplacement(tx, offer) : undefined;
  const told = { testKitId: kit.id, orderId: kit.orderId };
  return [testKitRejected(registration, told, { reason, replacementOfferId }, cause)];
}

/** The chain is part of what a registration shows. */
async function raiseVersion(tx: Queryable, { registrationId }: KnownKit, now: Temporal.Instant) {
  const registration = registrationId === null ? undefined : await lockRegistration(tx, registrationId);
  return registration && saveRegistration(tx, registration, now);
}
