import * as requests from '../../schemas/events/homekit-registration.v1.ts';
import type { Subscription } from '../../shared/runtime/function.ts';
import { subscribe } from '../../shared/runtime/route.ts';
import { applyGrant } from './apply-grant.ts';
import { checkProof } from './check-proof.ts';
import { considerDevice } from './consider-device.ts';
import { considerTestKit } from './consider-test-kit.ts';
import type { Deps } from './deps.ts';
import { recordCustody } from './record-custody.ts';

/** Every event of the topic this function is a sink of; a type left out would go to the dead letters. */
export function subscriptionsOf(deps: Deps): Subscription[] {
  return [
    subscribe(requests.HomekitDeviceSubmitted, considerDevice(deps)),
    subscribe(requests.HomekitProofSubmitted, checkProof(deps)),
    subscribe(requests.HomekitGrantSubmitted, applyGrant(deps)),
    subscribe(requests.TestKitSubmitted, considerTestKit(deps)),
    subscribe(requests.CustodyScanSubmitted, recordCustody(deps)),
  ];
}
