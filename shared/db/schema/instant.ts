import { customType } from 'drizzle-orm/pg-core';

/** `timestamptz` as a Temporal.Instant. */
export const instant = customType<{ data: Temporal.Instant; driverData: string }>({
  dataType: () => 'timestamptz',
  // A placeholder of a prepared statement hands on what it is given, null too; only the type system says otherwise.
  toDriver: (value: Temporal.Instant | null) => (value === null ? null : value.toString()) as string,
  fromDriver: (value) => Temporal.Instant.from(value),
});

/** `date` as a Temporal.PlainDate. */
export const calendarDate = customType<{ data: Temporal.PlainDate; driverData: string }>({
  dataType: () => 'date',
  toDriver: (value) => value.toString(),
  fromDriver: (value) => Temporal.PlainDate.from(value),
});
