import type { SlotRequest } from '../../shared/domain/booking.ts';
import type { RequestContext } from '../../shared/runtime/function.ts';
import { type Actor, mustSelect } from './access.ts';
import type { Deps } from './deps.ts';
import type { Practice } from './lookups.ts';

/** Somebody's request for a slot: they may make it, and whom and what it names is there. */
export type CheckedRequest = { readonly request: SlotRequest; readonly practice: Practice; readonly actor: Actor };

type Asked = { practitionerId: string; patientId: string; visitTypeId: string; slotStart: string };

/** Throws `forbidden`, `not-found`, or `invalid-input` for a time that is none. */
export async function checkRequest(
  { lookups }: Deps,
  { caller }: RequestContext,
  country: string,
  asked: Asked,
): Promise<CheckedRequest> {
  const request = requestOf(asked);
  const actor = await mustSelect(lookups, caller, request);
  const [practice] = await Promise.all([
    lookups.practice(country, request),
    lookups.mustBePatient(country, request.patientId),
  ]);
  return { request, practice, actor };
}

/** A UUID may be written in capitals (RFC 9562, section 4); nothing here compares it so. */
function requestOf({ practitionerId, patientId, visitTypeId, slotStart }: Asked): SlotRequest {
  return {
    practitionerId: practitionerId.toLowerCase(),
    patientId: patientId.toLowerCase(),
    visitTypeId: visitTypeId.toLowerCase(),
    slotStart: Temporal.Instant.from(slotStart),
  };
}
