import type { transferDevice as contract } from '../../schemas/api/homekit.ts';
import { defaultScopes } from '../../shared/domain/grant.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';
import { requestGrant } from './request-grant.ts';

/** `POST /{country}/homekit/devices/{id}/transfer`: gives a device to another owner. */
export function transferDevice(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, granteeId }, context) => {
    const wish = { granteeId, role: 'owner', scopes: defaultScopes('owner'), expiresAt: null } as const;
    return { body: await requestGrant(deps, { country, id }, wish, context) };
  };
}
