import { char, pgSchema, text, uuid } from 'drizzle-orm/pg-core';

/** What the homekit context publishes of test kits that are somebody's. */
export const publishedTestKits = pgSchema('homekit')
  .view('published_test_kits', {
    sampleBarcode: text('sample_barcode').notNull(),
    patientId: uuid('patient_id').notNull(),
    country: char('country_code', { length: 2 }).notNull(),
    testKitId: uuid('test_kit_id').notNull(),
  })
  .existing();
