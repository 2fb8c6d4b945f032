import * as api from '../../schemas/api/homekit.ts';
import type { Route } from '../../shared/runtime/function.ts';
import { route } from '../../shared/runtime/route.ts';
import type { Deps } from './deps.ts';
import { getCustodyScan } from './get-custody-scan.ts';
import { getDevice } from './get-device.ts';
import { getTestKit } from './get-test-kit.ts';
import { grantDevice } from './grant-device.ts';
import { proveDevice } from './prove-device.ts';
import { registerDevice } from './register-device.ts';
import { registerTestKit } from './register-test-kit.ts';
import { renewChallenge } from './renew-challenge.ts';
import { revokeDevice } from './revoke-device.ts';
import { revokeGrant } from './revoke-grant.ts';
import { scanCustody } from './scan-custody.ts';
import { transferDevice } from './transfer-device.ts';

export function routesOf(deps: Deps): Route[] {
  return [
    route(api.registerDevice, registerDevice(deps)),
    route(api.getDevice, getDevice(deps)),
    route(api.revokeDevice, revokeDevice(deps)),
    route(api.proveDevice, proveDevice(deps)),
    route(api.renewChallenge, renewChallenge(deps)),
    route(api.grantDevice, grantDevice(deps)),
    route(api.revokeGrant, revokeGrant(deps)),
    route(api.transferDevice, transferDevice(deps)),
    route(api.registerTestKit, registerTestKit(deps)),
    route(api.getTestKit, getTestKit(deps)),
    route(api.scanCustody, scanCustody(deps)),
    route(api.getCustodyScan, getCustodyScan(deps)),
  ];
}
