import { and, asc, desc, eq, ne, or } from 'drizzle-orm';

import { readKitCode } from '../domain/kit-code.ts';
import type { KitFacts } from '../domain/test-kit.ts';
import { AppError } from '../errors.ts';
import type { Queryable } from './client.ts';
import {
  custodyLog,
  type CustodyLogRow,
  type CustodyScanRow,
  custodyScans,
  lots,
  type RegistrationRow,
  replacementOffers,
  type TestKitRow,
  testKitRegistrations,
  testKits,
  testProducts,
} from './schema/homekit.ts';

/** A kit with what its lot and its product say of it. */
export type KnownKit = TestKitRow & Pick<KitFacts, 'product' | 'lotExpiresOn'>;

/** A registration or a scan is found in its own country only. */
export type InCountry = { readonly country: string; readonly id: string };

export async function findTestKit(db: Queryable, country: string, code: string): Promise<TestKitRow | undefined> {
  const [kit] = await db
    .select()
    .from(testKits)
    .where(and(eq(testKits.country, country), eq(testKits.code, code)));
  return kit;
}

/** The kit that a scan is of: the barcode of its sample is taken to the letter, its code as it is read. */
export async function findScannedKit(db: Queryable, country: string, scanned: string): Promise<TestKitRow | undefined> {
  const code = readKitCode(scanned);
  const isBarcode = eq(testKits.sampleBarcode, scanned);
  const [kit] = await db
    .select()
    .from(testKits)
    .where(and(eq(testKits.country, country), code === undefined ? isBarcode : or(isBarcode, eq(testKits.code, code))))
    .orderBy(desc(isBarcode))
    .limit(1);
  return kit;
}

/** The kit of an id that something refers to. */
export async function getTestKit(db: Queryable, id: string): Promise<TestKitRow> {
  const [kit] = await db.select().from(testKits).where(eq(testKits.id, id));
  if (kit === undefined) throw new AppError('not-found', 'There is no such kit.');
  return kit;
}

/** Reads the kit of an id and keeps it from others until the transaction ends. */
export async function lockTestKit(tx: Queryable, id: string): Promise<KnownKit | undefined> {
  const [kit] = await tx.select().from(testKits).where(eq(testKits.id, id)).for('update');
  if (kit === undefined) return undefined;
  const [known] = await tx
    .select({ lotExpiresOn: lots.expiresOn, product: testProducts })
    .from(lots)
    .innerJoin(testProducts, eq(testProducts.code, lots.productCode))
    .where(eq(lots.number, kit.lotNumber));
  return known && { ...kit, ...known };
}

/** Reads the kit of a code, as `lockTestKit` does. */
export async function lockTestKitOfCode(tx: Queryable, country: string, code: string): Promise<KnownKit | undefined> {
  const kit = await findTestKit(tx, country, code);
  return kit && lockTestKit(tx, kit.id);
}

export async function saveTestKit(
  tx: Queryable,
  { id, status, orderId, patientId, registrationId, collectedAt }: TestKitRow,
): Promise<void> {
  await tx.update(testKits).set({ status, orderId, patientId, registrationId, collectedAt }).where(eq(testKits.id, id));
}

/**
 * Claims a kit code for a person.
 * @returns the registration that has it now: this one, or an earlier one whoever's it is.
 */
export async function claimTestKit(tx: Queryable, registration: RegistrationRow): Promise<RegistrationRow> {
  const { kitCode } = registration;
  const claimed = await tx
    .insert(testKitRegistrations)
    .values(registration)
    .onConflictDoNothing()
    .returning({ id: testKitRegistrations.id });
  if (claimed.length === 1) return registration;
  const holding = await findClaim(tx, kitCode);
  // It was rejected between the two statements.
  if (holding === undefined) throw new AppError('in-progress', 'This kit is being registered.');
  return holding;
}

/** The registration that has a kit code. */
export async function findClaim(db: Queryable, kitCode: string): Promise<RegistrationRow | undefined> {
  const [registration] = await db
    .select()
    .from(testKitRegistrations)
    .where(and(eq(testKitRegistrations.kitCode, kitCode), ne(testKitRegistrations.status, 'rejected')));
  return registration;
}

export async function findRegistration(
  db: Queryable,
  { country, id }: InCountry,
): Promise<RegistrationRow | undefined> {
  const [registration] = await db
    .select()
    .from(testKitRegistrations)
    .where(and(eq(testKitRegistrations.country, country), eq(testKitRegistrations.id, id)));
  return registration;
}

/** Reads a registration and keeps it from others until the transaction ends. */
export async function lockRegistration(tx: Queryable, id: string): Promise<RegistrationRow | undefined> {
  const [registration] = await tx
    .select()
    .from(testKitRegistrations)
    .where(eq(testKitRegistrations.id, id))
    .for('update');
  return registration;
}

/** Saves what a registration has become, as its next version. */
export async function saveRegistration(
  tx: Queryable,
  registration: RegistrationRow,
  now: Temporal.Instant,
): Promise<RegistrationRow> {
  const { id, ...state } = { ...registration, version: registration.version + 1, updatedAt: now };
  await tx.update(testKitRegistrations).set(state).where(eq(testKitRegistrations.id, id));
  return { id, ...state };
}

/** Offers another kit, once for a registration. @returns the offer that there is now. */
export async function offerReplacement(tx: Queryable, offer: typeof replacementOffers.$inferSelect): Promise<string> {
  await tx.insert(replacementOffers).values(offer).onConflictDoNothing();
  return (await findReplacement(tx, offer.registrationId))?.id ?? offer.id;
}

export async function findReplacement(
  db: Queryable,
  registrationId: string,
): Promise<typeof replacementOffers.$inferSelect | undefined> {
  const [offer] = await db.select().from(replacementOffers).where(eq(replacementOffers.registrationId, registrationId));
  return offer;
}

/** The chain of custody of a kit, in the order it was recorded. */
export async function listCustody(db: Queryable, testKitId: string): Promise<CustodyLogRow[]> {
  return db.select().from(custodyLog).where(eq(custodyLog.testKitId, testKitId)).orderBy(asc(custodyLog.seq));
}

export async function appendCustody(tx: Queryable, entry: Omit<CustodyLogRow, 'seq'>): Promise<void> {
  await tx.insert(custodyLog).values(entry);
}

export async function addScan(tx: Queryable, scan: CustodyScanRow): Promise<void> {
  await tx.insert(custodyScans).values(scan);
}

export async function findScan(db: Queryable, { country, id }: InCountry): Promise<CustodyScanRow | undefined> {
  const [scan] = await db
    .select()
    .from(custodyScans)
    .where(and(eq(custodyScans.country, country), eq(custodyScans.id, id)));
  return scan;
}

/** The scans of a kit that nobody has seen to, in the order they were handed in. */
export async function listOpenScans(db: Queryable, testKitId: string): Promise<CustodyScanRow[]> {
  return db
    .select()
    .from(custodyScans)
    .where(and(eq(custodyScans.testKitId, testKitId), eq(custodyScans.status, 'received')))
    .orderBy(asc(custodyScans.createdAt), asc(custodyScans.id));
}

/** Reads a scan and keeps it from others until the transaction ends. */
export async function lockScan(tx: Queryable, id: string): Promise<CustodyScanRow | undefined> {
  const [scan] = await tx.select().from(custodyScans).where(eq(custodyScans.id, id)).for('update');
  return scan;
}

/** Records what became of a scan: it is in the chain where nothing speaks against it. */
export async function closeScan(
  tx: Queryable,
  id: string,
  refusedBecause: CustodyScanRow['refusedBecause'],
): Promise<void> {
  const status = refusedBecause === null ? 'recorded' : 'refused';
  await tx.update(custodyScans).set({ status, refusedBecause }).where(eq(custodyScans.id, id));
}
