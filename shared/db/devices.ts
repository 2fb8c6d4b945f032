import { and, asc, desc, eq, inArray, or, sql } from 'drizzle-orm';

import { mendableRejections } from '../domain/device.ts';
import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import { type DeviceRow, devices } from './schema/homekit.ts';

/** A device is found in its own country only. */
export type DeviceId = { readonly country: string; readonly id: string };

export async function findDevice(db: Queryable, id: DeviceId): Promise<DeviceRow | undefined> {
  const [device] = await db.select().from(devices).where(identity(id));
  return device;
}

/** Reads a device and keeps it from others until the transaction ends; undefined for one that is not there. */
export async function lockDevice(tx: Queryable, id: DeviceId): Promise<DeviceRow | undefined> {
  const [device] = await tx.select().from(devices).where(identity(id)).for('update');
  return device;
}

/**
 * Locks a device with every other that may be the same accessory and is registered, one after another in the order of their
 * ids. Others may ask for the same accessory as they like: that holds up nobody, and of two that prove it at once the second
 * breaks a constraint and comes again. Resolves to the device and the others.
 */
export async function lockAccessory(
  tx: Queryable,
  id: DeviceId,
): Promise<{ readonly device: DeviceRow; readonly others: readonly DeviceRow[] } | undefined> {
  const known = await findDevice(tx, id);
  if (known === undefined) return undefined;
  // None of these ever changes.
  const { ltpk, model, serialNumber } = known;
  const isSame = or(eq(devices.ltpk, ltpk), and(eq(devices.model, model), eq(devices.serialNumber, serialNumber)));
  const counts = eq(devices.status, 'registered');
  const rows = await tx
    .select()
    .from(devices)
    .where(or(eq(devices.id, known.id), and(isSame, counts)))
    .orderBy(asc(devices.id))
    .for('update');
  const device = rows.find((row) => row.id === known.id);
  return device && { device, others: rows.filter((row) => row !== device) };
}

/**
 * Adds a device, unless the same person has asked for it before and it is still under way.
 * @returns whether it was added.
 */
export async function addDevice(tx: Queryable, device: DeviceRow): Promise<boolean> {
  const added = await tx
    .insert(devices)
    .values(device)
    .onConflictDoNothing({
      target: [devices.patientId, devices.ltpk],
      where: sql`status IN ('received', 'awaiting-proof')`,
    })
    .returning({ id: devices.id });
  return added.length === 1;
}

/** How many devices a person has asked for that are neither registered nor at an end. */
export async function countOpenDevices(db: Queryable, patientId: string): Promise<number> {
  return db.$count(
    devices,
    and(eq(devices.patientId, patientId), inArray(devices.status, ['received', 'awaiting-proof'])),
  );
}

/** A person's registration of the accessory with a key. */
type Wish = Pick<DeviceRow, 'patientId' | 'ltpk'>;

/** The registration of an accessory by a person that stands, is under way, or that another proof may mend. */
export async function findLiveDevice(db: Queryable, wish: Wish): Promise<DeviceRow | undefined> {
  const isLive = or(
    inArray(devices.status, ['received', 'awaiting-proof', 'registered']),
    inArray(devices.rejectedBecause, [...mendableRejections]),
  );
  const [device] = await db
    .select()
    .from(devices)
    .where(and(isOf(wish), isLive))
    .orderBy(desc(sql`${devices.status} = 'registered'`), desc(devices.createdAt), desc(devices.id))
    .limit(1);
  return device;
}

/** The last registration of an accessory that a person asked for, whatever became of it. */
export async function findLastDevice(db: Queryable, wish: Wish): Promise<DeviceRow | undefined> {
  const [device] = await db
    .select()
    .from(devices)
    .where(isOf(wish))
    .orderBy(desc(devices.createdAt), desc(devices.id))
    .limit(1);
  return device;
}

/** Saves what a device has become, as its next version. */
export async function saveDevice(tx: Queryable, device: DeviceRow, now: Temporal.Instant): Promise<DeviceRow> {
  const { id, country, createdAt, ...state } = { ...device, version: device.version + 1, updatedAt: now };
  await tx.update(devices).set(state).where(identity({ id, country }));
  return { id, country, createdAt, ...state };
}

export function noSuchDevice(): AppError {
  return new AppError('not-found', 'There is no such device.');
}

function isOf({ patientId, ltpk }: Wish) {
  return and(eq(devices.patientId, patientId), eq(devices.ltpk, ltpk));
}

function identity({ country, id }: DeviceId) {
  return and(eq(devices.country, country), eq(devices.id, id));
}
