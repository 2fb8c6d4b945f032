import { randomUUID } from 'node:crypto';

import type { LabFault } from '../../shared/domain/lab-fault.ts';
import { faultCodes } from '../../shared/domain/lab-fault.ts';
import { AppError } from '../../shared/errors.ts';
import type { AcknowledgedOutcome } from '../../shared/hl7/acknowledgment.ts';
import type { Answer, WrittenAnswer } from '../../shared/runtime/function.ts';
import { fhir, hl7, type ReadContent } from './lab-content.ts';
import type { Taken } from './take-messages.ts';

/** A message that was read, and what became of it where it could be. */
export type Handled = { readonly read: ReadContent; readonly taken: Taken | undefined };

/**
 * HL7 v2: an acknowledgment of each message, as it asks for them. The status is that of the exchange: what becomes of the
 * message is said in MSA.
 */
export async function acknowledgeMessages(handled: readonly Handled[], at: Temporal.Instant): Promise<WrittenAnswer> {
  const { acknowledgmentCodes, writeAcknowledgment } = await import('../../shared/hl7/acknowledgment.ts');
  const written = handled.flatMap((one) => {
    const { header } = one.read;
    const faults = faultsOf(one);
    return acknowledgmentCodes(header, outcomeOf(one)).map((code) =>
      writeAcknowledgment({ header, code, faults, at, controlId: randomUUID().replaceAll('-', '').slice(0, 20) }),
    );
  });
  return { written: written.join(''), mediaType: hl7 };
}

function outcomeOf({ read, taken }: Handled): AcknowledgedOutcome {
  if (read.outcome !== 'parsed') return read.outcome;
  return taken === undefined || taken.outcome === 'reused' ? 'refused' : 'accepted';
}

/** FHIR: an OperationOutcome; the status says whether the bundle was taken. */
export async function acknowledgeBundle(handled: readonly Handled[]): Promise<WrittenAnswer> {
  const { toOperationOutcome } = await import('../../shared/fhir/operation-outcome.ts');
  const written = JSON.stringify(toOperationOutcome(handled.flatMap(faultsOf)));
  const isTaken = handled.every((one) => outcomeOf(one) === 'accepted');
  const isReused = handled.some(({ taken }) => taken?.outcome === 'reused');
  return { written, mediaType: fhir, ...(!isTaken && { status: isReused ? 409 : 422 }) };
}

/** A CloudEvent: that it was taken, or a problem. Throws `invalid-input`, or `conflict` for a number used again. */
export function acknowledgeEvent(handled: readonly Handled[]): Answer<{ id: string; status: 'accepted' | 'repeated' }> {
  const [one] = handled;
  if (!one?.taken) {
    const errors = handled
      .flatMap(faultsOf)
      .map(({ expression = '', text }) => ({ path: `/data${expression}`, message: text }));
    throw new AppError('invalid-input', 'See errors for what to mend.', { errors });
  }
  const { messageId, outcome } = one.taken;
  if (outcome === 'reused') throw new AppError('conflict', reusedNumber.text);
  return { body: { id: messageId, status: outcome } };
}

const reusedNumber = {
  code: faultCodes.duplicateKey,
  severity: 'error',
  text: 'The sender has used this number for another message',
} as const;

/** What is told of a message: what is wrong with it, or was odd. */
function faultsOf({ read, taken }: Handled): readonly LabFault[] {
  if (read.outcome !== 'parsed') return read.faults;
  if (taken?.outcome !== 'reused') return read.message.warnings;
  const where = read.header
    ? { place: { segment: 'MSH', occurrence: 1, field: 10 } }
    : { expression: 'Bundle.identifier' };
  return [{ ...reusedNumber, ...where }];
}
