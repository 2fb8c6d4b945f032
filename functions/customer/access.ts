import { findAccount, takeCustomerTurn } from '../../shared/db/accounts.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { findOrder, noSuchOrder, type OrderId } from '../../shared/db/orders.ts';
import { hasPatient, listProxiedPatients } from '../../shared/db/patients.ts';
import type { OrderRow } from '../../shared/db/schema/account.ts';
import { type Caller, hasRole, mayReach, maySelect, type Role } from '../../shared/domain/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Deps } from './deps.ts';

/** Who acts and in which role, as an order records it. */
export type Actor = { readonly actedBy: string; readonly actedAs: Role };

/** Whom an identity provider names otherwise is no customer of ours. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The caller's id as a customer. Throws `not-found` for somebody who cannot be one. */
export function customerOf({ subject }: Caller): string {
  if (UUID.test(subject)) return subject.toLowerCase();
  throw noSuchAccount();
}

/** The id of the customer whom the caller names, their own where they name nobody. Throws `forbidden` for others. */
export async function selectCustomer(deps: Deps, caller: Caller, named: string | undefined): Promise<string> {
  if (named === undefined) return customerOf(caller);
  const customerId = named.toLowerCase();
  await mustSelect(deps, caller, customerId);
  return customerId;
}

/** The id of a customer of the country. Throws `not-found`. */
export async function mustBeCustomer(db: Queryable, customerId: string, country: string): Promise<string> {
  if (await hasPatient(db, country, customerId)) return customerId;
  throw noSuchAccount();
}

/** The same, keeping others from writing about the customer until the transaction ends. */
export async function takeTurnOf(tx: Queryable, customerId: string, country: string): Promise<string> {
  if (await takeCustomerTurn(tx, customerId)) throw noSuchAccount();
  return mustBeCustomer(tx, customerId, country);
}

/** Throws `not-found` for one who was erased, `conflict` for one that is suspended. */
export async function mustBeActive(db: Queryable, patientId: string): Promise<void> {
  const account = await findAccount(db, patientId);
  if (account?.status === 'erased') throw noSuchAccount();
  if (account?.status === 'suspended') throw new AppError('conflict', 'The account is suspended.');
}

/** Throws `forbidden` unless the caller may order and read orders for the patient they name. */
export async function mustSelect(deps: Deps, caller: Caller, patientId: string | undefined): Promise<Actor> {
  const actedAs = maySelect(caller, { patientId }, await proxiedFor(deps, caller, patientId));
  return { actedBy: caller.subject, actedAs };
}

/** Finds an order. Throws `not-found` for one that is not the caller's as for one that is not there. */
export async function reachOrder(deps: Deps, caller: Caller, id: OrderId): Promise<{ order: OrderRow; actor: Actor }> {
  const order = await findOrder(deps.db, id);
  if (order === undefined) throw noSuchOrder();
  const actedAs = mayReach(caller, order, await proxiedFor(deps, caller, order.patientId));
  return { order, actor: { actedBy: caller.subject, actedAs } };
}

/** Throws `precondition-failed` where `If-Match` names another version than the one there is. */
export function mustMatch(version: number | undefined, ifMatch: number | undefined): void {
  if (ifMatch === undefined || ifMatch === version) return;
  const now = version === undefined ? {} : { version };
  throw new AppError('precondition-failed', 'This has changed since; read it again.', now);
}

export function noSuchAccount(): AppError {
  return new AppError('not-found', 'There is no such account.');
}

/** Whom the caller acts for: looked up only where it decides. */
async function proxiedFor(
  { db, now }: Deps,
  caller: Caller,
  patientId: string | undefined,
): Promise<readonly string[]> {
  const forOther = patientId !== undefined && patientId !== caller.subject;
  return hasRole(caller, 'patient') && forOther && UUID.test(caller.subject)
    ? listProxiedPatients(db, caller.subject, now())
    : [];
}
