import type { listOrders as contract } from '../../schemas/api/customer.ts';
import { listOrders as list, type OrderKey } from '../../shared/db/orders.ts';
import type { OrderRow } from '../../shared/db/schema/account.ts';
import { AppError } from '../../shared/errors.ts';
import type { Operation } from '../../shared/runtime/function.ts';
import { mustSelect } from './access.ts';
import type { Deps } from './deps.ts';
import { represent } from './order-representation.ts';

/** `GET /{country}/orders`: a page at a time, stable while orders come. */
export function listOrders(deps: Deps): Operation<typeof contract> {
  return async ({ cursor, limit, country, patientId, status }, { caller }) => {
    await mustSelect(deps, caller, patientId?.toLowerCase());
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const found = await list(deps.db, { country, patientId, status }, { after, limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return { body: { items: items.map(represent), nextCursor: last ? writeCursor(last) : null } };
  };
}

const CURSOR = /^(\d{1,13})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function writeCursor({ placedAt, id }: OrderRow): string {
  return Buffer.from(`${placedAt.epochMilliseconds}.${id}`).toString('base64url');
}

function readCursor(cursor: string): OrderKey {
  const [, ms, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (ms === undefined || id === undefined) {
    throw new AppError('invalid-input', 'The cursor is not one that a page was answered with.');
  }
  return { placedAt: Temporal.Instant.fromEpochMilliseconds(Number(ms)), id };
}
