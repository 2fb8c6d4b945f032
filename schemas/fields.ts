import { z } from 'zod';

/** ISO 3166-1 alpha-2, lower case, as in every path. */
export const Country = z
  .string()
  .regex(/^[a-z]{2}$/)
  .meta({ id: 'Country', description: 'ISO 3166-1 alpha-2, lower case', example: 'fr' });

export const Id = z.uuid().meta({ id: 'Id', description: 'UUID' });

/** RFC 3339 with an offset. */
export const Instant = z.iso
  .datetime({ offset: true })
  .meta({ id: 'Instant', description: 'RFC 3339 date and time with an offset' });

/** RFC 3339 full-date. */
export const CalendarDate = z.iso.date().meta({ id: 'CalendarDate', description: 'RFC 3339 full-date' });

export const Version = z.int().positive().meta({ description: 'Raised by every change; the ETag' });
