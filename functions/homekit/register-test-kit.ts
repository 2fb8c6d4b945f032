import { randomUUIDv7 } from 'node:crypto';

import type { InputOf } from '../../schemas/api/contract.ts';
import type { registerTestKit as contract } from '../../schemas/api/homekit.ts';
import { testKitSubmitted } from '../../shared/db/homekit-requests.ts';
import type { RegistrationRow } from '../../shared/db/schema/homekit.ts';
import { claimTestKit, findTestKit } from '../../shared/db/test-kits.ts';
import { readKitCode } from '../../shared/domain/kit-code.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustActFor } from './access.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { statusOf } from './representation.ts';

/**
 * `POST /{country}/homekit/test-kits`: claims the kit and keeps the request. The same person's next one is the same;
 * another person's is `conflict`.
 */
export function registerTestKit(deps: Deps): Operation<typeof contract> {
  return async (input, context) => {
    const kitCode = mustBeKitCode(input.kitCode);
    await mustActFor(deps, context.caller, input.country, input.patientId);
    const cause = { now: deps.now(), traceparent: context.traceparent };
    const kit = await findTestKit(deps.db, input.country, kitCode);
    const wanted = newRegistration({ ...input, kitCode }, kit?.id ?? null, cause.now);
    const body = await commit(deps, context, 202, async (tx) => {
      const claim = await claimTestKit(tx, wanted);
      if (claim.patientId !== wanted.patientId) throw claimedByAnother();
      // Again for one that nobody has seen to: the event that asked for it may have been given up.
      const events = claim.status === 'received' ? [testKitSubmitted(claim, cause)] : [];
      return { body: { id: claim.id, status: statusOf(claim, kit) }, events };
    });
    return { body };
  };
}

function mustBeKitCode(typed: string): string {
  const kitCode = readKitCode(typed);
  if (kitCode !== undefined) return kitCode;
  const message = 'Is no kit code: one of its characters is wrong or missing, or two are swapped';
  throw new AppError('invalid-input', 'See errors for what to mend.', { errors: [{ path: '/kitCode', message }] });
}

function claimedByAnother(): AppError {
  const reasons = [{ code: 'claimed-by-another' }];
  return new AppError('conflict', 'Somebody else has registered this kit.', { reasons });
}

function newRegistration(
  { country, patientId, kitCode, consentVersion }: InputOf<typeof contract>,
  testKitId: string | null,
  now: Temporal.Instant,
): RegistrationRow {
  return {
    id: randomUUIDv7(),
    country,
    patientId: patientId.toLowerCase(),
    kitCode,
    testKitId,
    consentVersion,
    version: 1,
    status: 'received',
    rejectedBecause: null,
    rejectionDetails: null,
    createdAt: now,
    updatedAt: now,
  };
}
