import { inArray } from 'drizzle-orm';

import type { Queryable } from './client.ts';
import { publishedTestKits } from './schema/published-test-kit.ts';

/** A test kit whose sample came to a laboratory, and whose it is. */
export type SampledKit = { readonly testKitId: string; readonly patientId: string };

/** The kits that samples with these barcodes belong to. */
export async function listSampledKits(db: Queryable, barcodes: readonly string[]): Promise<SampledKit[]> {
  if (barcodes.length === 0) return [];
  return db
    .select({ testKitId: publishedTestKits.testKitId, patientId: publishedTestKits.patientId })
    .from(publishedTestKits)
    .where(inArray(publishedTestKits.sampleBarcode, [...barcodes]));
}
