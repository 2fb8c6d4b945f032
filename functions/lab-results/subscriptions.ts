import { LabMessageReceived, LabResultSubmitted, LisRecordFound } from '../../schemas/events/lab-message.v1.ts';
import type { Subscription } from '../../shared/runtime/function.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import { applyReceived, applyRecord, applySubmitted } from './apply-received.ts';
import type { Deps } from './deps.ts';

/** Every kind of record of the topic this function is the sink of; a type left out would go to the dead letters. */
export function subscriptionsOf(deps: Deps): Subscription[] {
  return [
    subscribe(LabMessageReceived, applyReceived(deps)),
    subscribe(LabResultSubmitted, applySubmitted(deps)),
    subscribe(LisRecordFound, applyRecord(deps)),
  ];
}
