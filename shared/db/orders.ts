import { and, asc, eq, isNotNull, isNull, ne, notExists, or, type SQL, sql } from 'drizzle-orm';

import type { OrderStatus } from '../domain/order.ts';
import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { brokenConstraint } from './driver-error.ts';
import { kitRegistrations, kitResults, type OrderRow, orders } from './schema/account.ts';

/** An order is found in its own country only. */
export type OrderId = { readonly country: string; readonly id: string };

export type OrderFilter = {
  readonly country: string;
  readonly patientId?: string | undefined;
  readonly status?: OrderStatus | undefined;
};

/** A place in the order of `placedAt`, then `id`. */
export type OrderKey = { readonly placedAt: Temporal.Instant; readonly id: string };

export type KitRegistration = typeof kitRegistrations.$inferSelect;
export type KitResult = typeof kitResults.$inferSelect;

/** What an order has to itself. */
const CLASHES: Readonly<Record<string, string>> = {
  order_of_test_kit: 'The test kit belongs to another order.',
  order_of_payment: 'Another order was paid with this.',
};

export async function insertOrder(tx: Queryable, order: OrderRow): Promise<void> {
  await tx.insert(orders).values(order);
}

export async function findOrder(db: Queryable, { country, id }: OrderId): Promise<OrderRow | undefined> {
  const [order] = await db
    .select()
    .from(orders)
    .where(and(eq(orders.country, country), eq(orders.id, id)));
  return order;
}

/** Reads an order and keeps it from others until the transaction ends. Throws `not-found`. */
export async function lockOrder(tx: Queryable, { country, id }: OrderId): Promise<OrderRow> {
  const [order] = await tx
    .select()
    .from(orders)
    .where(and(eq(orders.country, country), eq(orders.id, id)))
    .for('update');
  if (order === undefined) throw noSuchOrder();
  return order;
}

/** The patient's order of a test kit, by its id where it is known, locked. */
export async function lockKitOrder(
  tx: Queryable,
  { patientId, testKitId, orderId }: { patientId: string; testKitId: string; orderId?: string | undefined },
): Promise<OrderRow | undefined> {
  const named = orderId === undefined ? undefined : eq(orders.id, orderId);
  const [order] = await tx
    .select()
    .from(orders)
    .where(
      and(eq(orders.patientId, patientId), eq(orders.kind, 'test-kit'), or(eq(orders.testKitId, testKitId), named)),
    )
    .orderBy(sql`${orders.testKitId} IS DISTINCT FROM ${testKitId}`)
    .limit(1)
    .for('update');
  return order;
}

/** Throws `conflict` where another order has the test kit or was paid with the same. */
export async function saveOrder(tx: Queryable, order: OrderRow): Promise<void> {
  try {
    await tx.update(orders).set(order).where(eq(orders.id, order.id));
  } catch (error) {
    const clash = CLASHES[brokenConstraint(error) ?? ''];
    throw clash === undefined ? error : new AppError('conflict', clash);
  }
}

/** Up to `limit` orders after `after`, by when they were placed. */
export async function listOrders(
  db: Queryable,
  { country, patientId, status }: OrderFilter,
  { after, limit }: { after: OrderKey | undefined; limit: number },
): Promise<OrderRow[]> {
  const place: SQL | undefined =
    after && sql`(${orders.placedAt}, ${orders.id}) > (${after.placedAt.toString()}, ${after.id})`;
  return db
    .select()
    .from(orders)
    .where(
      and(
        eq(orders.country, country),
        patientId === undefined ? undefined : eq(orders.patientId, patientId),
        status === undefined ? undefined : eq(orders.status, status),
        place,
      ),
    )
    .orderBy(asc(orders.placedAt), asc(orders.id))
    .limit(limit);
}

/**
 * Remembers the first registration of a test kit, and its order as soon as that is known.
 * @returns whether it still counts.
 */
export async function saveKitRegistration(
  tx: Queryable,
  registration: Omit<KitRegistration, 'rejectedAt'>,
): Promise<boolean> {
  const { orderId } = registration;
  await tx
    .insert(kitRegistrations)
    .values(registration)
    .onConflictDoUpdate({
      target: kitRegistrations.testKitId,
      set: { orderId },
      setWhere: sql`${kitRegistrations.patientId} = excluded.patient_id AND ${kitRegistrations.orderId} IS NULL`,
    });
  const [rejected] = await tx
    .select({ testKitId: kitRegistrations.testKitId })
    .from(kitRegistrations)
    .where(and(eq(kitRegistrations.testKitId, registration.testKitId), isNotNull(kitRegistrations.rejectedAt)));
  return rejected === undefined;
}

/** Notes that a registered kit is of no use. @returns whether a registration counted until then. */
export async function rejectKitRegistration(
  tx: Queryable,
  { testKitId, patientId }: Pick<KitRegistration, 'testKitId' | 'patientId'>,
  rejectedAt: Temporal.Instant,
): Promise<boolean> {
  const isTheirs = and(eq(kitRegistrations.testKitId, testKitId), eq(kitRegistrations.patientId, patientId));
  const rejected = await tx
    .update(kitRegistrations)
    .set({ rejectedAt })
    .where(and(isTheirs, isNull(kitRegistrations.rejectedAt)))
    .returning({ testKitId: kitRegistrations.testKitId });
  return rejected.length === 1;
}

/** The registration of an order's test kit, by the kit where that is known; of one that is another order's there is none. */
export async function findKitRegistration(
  tx: Queryable,
  { id, patientId, testKitId }: Pick<OrderRow, 'id' | 'patientId' | 'testKitId'>,
): Promise<KitRegistration | undefined> {
  const { testKitId: registered, orderId, registeredAt, rejectedAt } = kitRegistrations;
  const isOrders = or(eq(orderId, id), testKitId === null ? undefined : eq(registered, testKitId));
  const ofAnother = tx
    .select({ id: orders.id })
    .from(orders)
    .where(and(eq(orders.testKitId, registered), ne(orders.id, id)));
  const [registration] = await tx
    .select()
    .from(kitRegistrations)
    .where(and(eq(kitRegistrations.patientId, patientId), isNull(rejectedAt), isOrders, notExists(ofAnother)))
    .orderBy(sql`${registered} IS DISTINCT FROM ${testKitId}`, asc(registeredAt))
    .limit(1);
  return registration;
}

/** Remembers the first result of a test kit. */
export async function saveKitResult(tx: Queryable, result: KitResult): Promise<void> {
  await tx.insert(kitResults).values(result).onConflictDoNothing();
}

export async function findKitResult(
  tx: Queryable,
  { patientId, testKitId }: { patientId: string; testKitId: string },
): Promise<KitResult | undefined> {
  const [result] = await tx
    .select()
    .from(kitResults)
    .where(and(eq(kitResults.testKitId, testKitId), eq(kitResults.patientId, patientId)));
  return result;
}

export function noSuchOrder(): AppError {
  return new AppError('not-found', 'There is no such order.');
}
