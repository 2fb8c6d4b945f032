import * as z from 'zod';

/** ISO 3166-1 alpha-2, lower case, as in every path. */
export const Country = z
  .string()
  .regex(/^[a-z]{2}$/)
  .meta({ id: 'Country', description: 'ISO 3166-1 alpha-2, lower case', example: 'fr' });

/** The countries there are practitioners in. The path of another answers 404. */
export const servedCountries: readonly string[] = ['de', 'fr'];

/** The country of a path. */
export const PathCountry = Country.meta({
  id: 'PathCountry',
  description: `ISO 3166-1 alpha-2, lower case: ${servedCountries.join(', ')}. Another is answered 404`,
  example: 'fr',
});

/** A whole number in a query, written in decimal digits and nothing else; `absent` where it is not given. */
export function wholeNumber({ min, max, absent }: Readonly<Record<'min' | 'max' | 'absent', number>>) {
  return z
    .preprocess(readDigits, z.int().min(min).max(max))
    .default(absent)
    .meta({ description: `${absent} when absent` });
}

function readDigits(given: unknown): unknown {
  return typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : given;
}

export const Id = z.uuid().meta({ id: 'Id', description: 'UUID' });

const REACH = 'Takes a year from 1900 to 2199, and fractions of a second to the nanosecond';
/** Calendars and databases end at different years, and nothing here tells finer times apart. */
const WITHIN_REACH = /^(?:19|20|21)(?!.*\.\d{10})/;

/** RFC 3339 with an offset. */
export const Instant = z.iso
  .datetime({ offset: true })
  .regex(WITHIN_REACH, REACH)
  .meta({ id: 'Instant', format: 'date-time', description: 'RFC 3339 date and time with an offset, 1900 to 2199' });

/** RFC 3339 full-date. */
export const CalendarDate = z.iso
  .date()
  .regex(WITHIN_REACH, REACH)
  .meta({ id: 'CalendarDate', format: 'date', description: 'RFC 3339 full-date, 1900 to 2199' });

export const Version = z.int32().positive().meta({ description: 'Raised by every change; the ETag' });

/** Personal content on its way: opens with its patient's own key only, and for nobody once that is destroyed. */
export const Sealed = z
  .string()
  .max(16_384)
  .regex(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/)
  .meta({ id: 'Sealed', description: "Compact JWE (RFC 7516), `dir` with A256GCM, sealed with the patient's own key" });

/** What a customer may consent to, each on its own. */
export const ConsentPurpose = z
  .enum(['terms', 'data-processing', 'test-kit', 'record-sharing', 'research', 'marketing'])
  .meta({ id: 'ConsentPurpose' });

/** Which text was consented to. */
export const ConsentVersion = z
  .string()
  .max(64)
  .regex(/^[\w.-]+$/)
  .meta({ id: 'ConsentVersion', description: 'The version of the text that was shown', example: '2026-03' });

export const OrderKind = z.enum(['test-kit', 'laboratory-panel']).meta({ id: 'OrderKind' });

/** What a laboratory says of an observation, as FHIR R4 calls it. */
export const observationStatuses = [
  'registered',
  'preliminary',
  'final',
  'amended',
  'corrected',
  'cancelled',
  'entered-in-error',
  'unknown',
] as const;
