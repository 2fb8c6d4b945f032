import type { lots, testKits, testProducts } from '../../shared/db/schema/homekit.ts';
import { KIT_NUMBER_LENGTH, writeKitCode } from '../../shared/domain/kit-code.ts';
import { type CountryCode, countryCodes } from './country.ts';
import { sampleId } from './id.ts';

/** The consent text that every sample product asks for. */
const CONSENT_VERSION = '2026-03';

const everybody = { minAge: 18, maxAge: null, sexes: null, regions: [...countryCodes] };

/** Made up in their particulars; the ages are of the sort that screening programmes have. */
export const sampleProducts: readonly (typeof testProducts.$inferSelect)[] = [
  { code: 'kit-ferritin', ...everybody, consentVersion: CONSENT_VERSION, stabilityHours: 96 },
  { code: 'kit-vitamin-d', ...everybody, consentVersion: CONSENT_VERSION, stabilityHours: 120 },
  { code: 'kit-colon', ...everybody, minAge: 50, maxAge: 74, consentVersion: CONSENT_VERSION, stabilityHours: 168 },
];

/** A lot of each product to be used for a year and a half, and one that is just over. */
export function sampleLots(today: Temporal.PlainDate): (typeof lots.$inferSelect)[] {
  const current = sampleProducts.map(({ code }) => ({
    number: `${code}-1`,
    productCode: code,
    expiresOn: today.add({ months: 18 }),
  }));
  return [
    ...current,
    { number: 'kit-ferritin-0', productCode: 'kit-ferritin', expiresOn: today.subtract({ days: 1 }) },
  ];
}

/** The kit of that number: in stock, of the first product, but every tenth of the lot that is over. */
export function sampleKit(country: CountryCode, index: number): typeof testKits.$inferSelect {
  const kitNumber = numberOf(country, index);
  return {
    id: sampleId(`test kit ${country} ${index}`),
    country,
    code: kitCode(country, index),
    sampleBarcode: `S${kitNumber}`,
    lotNumber: index % 10 === 9 ? 'kit-ferritin-0' : 'kit-ferritin-1',
    orderId: null,
    status: 'stocked',
    patientId: null,
    registrationId: null,
    collectedAt: null,
  };
}

export function kitCode(country: CountryCode, index: number): string {
  return writeKitCode(numberOf(country, index));
}

function numberOf(country: CountryCode, index: number): string {
  return `${country.toUpperCase()}${String(index).padStart(KIT_NUMBER_LENGTH - country.length, '0')}`;
}
