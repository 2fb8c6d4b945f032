import type { ReceivedBody } from '../../schemas/api/contract.ts';
import { LabResultSubmitted } from '../../schemas/events/lab-message.v1.ts';
import { AppError } from '../../shared/errors.ts';

/** The data of the CloudEvent that a request is, in binary or structured mode. Throws `invalid-input` for anything else. */
export async function dataOfEvent({ headers, bytes }: ReceivedBody): Promise<unknown> {
  const { EventRefused, readMessage } = await import('../../shared/runtime/cloud-event.ts');
  try {
    const [read] = readMessage(headers, bytes);
    const event = read?.();
    if (event?.type === LabResultSubmitted.type) return event.data;
  } catch (error) {
    if (!(error instanceof EventRefused)) throw error;
    const errors = error.paths.map((path) => ({ path, message: 'Is no valid attribute of a CloudEvent' }));
    throw new AppError('invalid-input', 'The request is no CloudEvent that can be read.', { errors });
  }
  throw new AppError('invalid-input', `The request is no CloudEvent of type ${LabResultSubmitted.type}.`);
}
