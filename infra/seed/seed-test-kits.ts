import type { Database } from '../../shared/db/client.ts';
import { lots, testKits, testProducts } from '../../shared/db/schema/homekit.ts';
import type { CountryCode } from './country.ts';
import { upsert } from './rows.ts';
import { sampleKit, sampleLots, sampleProducts } from './test-kit.ts';

const KITS = 100;

/** Makes sample kits be there, with their lots and products. What became of a kit is left as it is. */
export async function seedTestKits(db: Database, country: CountryCode, today: Temporal.PlainDate): Promise<void> {
  const kits = Array.from({ length: KITS }, (_, index) => sampleKit(country, index));
  await db.transaction(async (tx) => {
    const products = { table: testProducts, key: [testProducts.code] };
    await tx.execute(upsert(products, sampleProducts, { of: testProducts.code }));
    await tx.execute(upsert({ table: lots, key: [lots.number] }, sampleLots(today), { of: lots.number }));
    await tx.insert(testKits).values(kits).onConflictDoNothing();
  });
}
