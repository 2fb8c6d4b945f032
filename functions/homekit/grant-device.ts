import type { grantDevice as contract } from '../../schemas/api/homekit.ts';
import { defaultScopes } from '../../shared/domain/grant.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';
import { requestGrant } from './request-grant.ts';

/** `POST /{country}/homekit/devices/{id}/grants`: lets somebody use a device. */
export function grantDevice(deps: Deps): Operation<typeof contract> {
  return async ({ country, id, granteeId, role, scopes = defaultScopes(role), expiresAt }, context) => {
    const until = expiresAt === undefined ? null : Temporal.Instant.from(expiresAt);
    const wish = { granteeId, role, scopes: [...new Set(scopes)], expiresAt: until };
    return { body: await requestGrant(deps, { country, id }, wish, context) };
  };
}
