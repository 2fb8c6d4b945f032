import { randomUUIDv7 } from 'node:crypto';

import type { EventOf } from '../../schemas/events/contract.ts';
import type { TestKitSubmitted } from '../../schemas/events/homekit-registration.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { findConsent } from '../../shared/db/consents.ts';
import { findPerson } from '../../shared/db/eligibility.ts';
import { type Cause, testKitRegistered, testKitRejected } from '../../shared/db/homekit-events.ts';
import { scanSubmitted } from '../../shared/db/homekit-requests.ts';
import type { OutgoingEvent } from '../../shared/db/outbox.ts';
import type { RegistrationRow } from '../../shared/db/schema/homekit.ts';
import {
  appendCustody,
  type KnownKit,
  listOpenScans,
  lockRegistration,
  lockTestKitOfCode,
  offerReplacement,
  saveRegistration,
  saveTestKit,
} from '../../shared/db/test-kits.ts';
import { mayBeRegistered } from '../../shared/domain/custody.ts';
import { againstRegistration, type KitRejection } from '../../shared/domain/test-kit.ts';
import type { EventContext } from '../../shared/runtime/function.ts';
import { seeTo } from './commit.ts';
import type { Deps } from './deps.ts';

/** Registers a kit that somebody has claimed, or says why it cannot be theirs and gives the claim back. */
export function considerTestKit(deps: Deps) {
  return async (event: EventOf<typeof TestKitSubmitted>, { traceparent }: EventContext): Promise<void> => {
    const cause = { now: deps.now(), traceparent };
    await seeTo(deps, event, async (tx) => {
      const registration = await lockRegistration(tx, event.data.registrationId);
      // Gone with the person it was of, or seen to before.
      if (registration?.status !== 'received') return [];
      const kit = await lockTestKitOfCode(tx, registration.country, registration.kitCode);
      const rejection = await reasonAgainst(deps, registration, kit);
      if (kit === undefined) return reject(tx, registration, kit, rejection ?? { reason: 'unknown' }, cause);
      const told =
        rejection === undefined
          ? await register(tx, registration, kit, cause)
          : await reject(tx, registration, kit, rejection, cause);
      return [...told, ...(await askForScans(tx, kit, cause))];
    });
  };
}

/** Scans that waited for the registration to be seen to. */
async function askForScans(tx: Queryable, kit: KnownKit, cause: Cause): Promise<OutgoingEvent[]> {
  return (await listOpenScans(tx, kit.id)).map((scan) => scanSubmitted(scan, cause));
}

/** As things were when it was asked for, however long that has waited. */
async function reasonAgainst(
  { patients }: Deps,
  registration: RegistrationRow,
  kit: KnownKit | undefined,
): Promise<KitRejection | undefined> {
  const { country, patientId, createdAt } = registration;
  const found = await findPerson(patients, country, patientId);
  if (kit === undefined || found === undefined) return { reason: 'unknown' };
  const facts = { ...kit, holderId: kit.patientId, isSpent: !mayBeRegistered(kit.status) };
  const lastConsent = await findConsent(patients, patientId, 'test-kit');
  return againstRegistration(facts, { ...registration, ...found, lastConsent }, createdAt);
}

async function register(
  tx: Queryable,
  registration: RegistrationRow,
  kit: KnownKit,
  cause: Cause,
): Promise<OutgoingEvent[]> {
  const registered = await saveRegistration(
    tx,
    { ...registration, status: 'registered', testKitId: kit.id },
    cause.now,
  );
  const { id: registrationId, patientId, createdAt } = registered;
  await saveTestKit(tx, { ...kit, status: 'registered', patientId, registrationId });
  const when = { happenedAt: createdAt, recordedAt: cause.now };
  const by = { recordedBy: null, recordedAs: 'patient', reason: null } as const;
  await appendCustody(tx, { testKitId: kit.id, step: 'registered', ...when, ...by });
  return [testKitRegistered(registered, { testKitId: kit.id, orderId: kit.orderId }, cause)];
}

/** Whose kit came too old is offered another. */
async function reject(
  tx: Queryable,
  registration: RegistrationRow,
  kit: KnownKit | undefined,
  rejection: KitRejection,
  cause: Cause,
): Promise<OutgoingEvent[]> {
  const { reason } = rejection;
  const rejectionDetails = 'details' in rejection ? [...rejection.details] : null;
  const testKitId = kit?.id ?? null;
  const rejected = {
    ...registration,
    status: 'rejected',
    rejectedBecause: reason,
    rejectionDetails,
    testKitId,
  } as const;
  const saved = await saveRegistration(tx, rejected, cause.now);
  const offer = { id: randomUUIDv7(), registrationId: saved.id, offeredAt: cause.now };
  const replacementOfferId = reason === 'lot-expired' ? await offerReplacement(tx, offer) : undefined;
  const told = { testKitId: testKitId ?? saved.id, orderId: kit?.orderId ?? null };
  return [testKitRejected(saved, told, { reason, replacementOfferId }, cause)];
}
