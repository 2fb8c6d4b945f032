import type {
  listSessions as listContract,
  revokeOtherSessions as revokeOthersContract,
  revokeSession as revokeContract,
} from '../../schemas/api/customer.ts';
import { listSessions as list, revokeSession as revoke, revokeSessions } from '../../shared/db/sessions.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import type { Deps } from './deps.ts';

/** `GET /{country}/me/sessions`. */
export function listSessions({ db }: Deps): Operation<typeof listContract> {
  return async ({ country }, { caller: { subject, session } }) => {
    const found = await list(db, { subject, country });
    const items = found.map(({ id, startedAt, lastUsedAt, expiresAt, referenceHash }) => ({
      id,
      startedAt: startedAt.toString(),
      lastUsedAt: lastUsedAt.toString(),
      expiresAt: expiresAt.toString(),
      isCurrent: session !== undefined && referenceHash.equals(session),
    }));
    return { body: { items } };
  };
}

/** `DELETE /{country}/me/sessions/{id}`: again, and it stays revoked. */
export function revokeSession({ db }: Deps): Operation<typeof revokeContract> {
  return async ({ country, id }, { caller: { subject } }) => {
    if (await revoke(db, { subject, country }, id)) return { body: undefined };
    throw new AppError('not-found', 'There is no such session.');
  };
}

/** `DELETE /{country}/me/sessions`: all but the one that this is asked in. */
export function revokeOtherSessions({ db }: Deps): Operation<typeof revokeOthersContract> {
  return async (_input, { caller: { subject, session } }) => ({
    body: { revoked: await revokeSessions(db, subject, session) },
  });
}
