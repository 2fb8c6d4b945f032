import { describe, expect, it } from 'vitest';

import { easter, holidays } from '../../../infra/seed/holidays.ts';

describe('Easter', () => {
  // The earliest, the latest and some between.
  it.each(['1818-03-22', '1943-04-25', '2000-04-23', '2024-03-31', '2026-04-05', '2027-03-28', '2038-04-25'])(
    'is on %s',
    (day) => {
      const date = Temporal.PlainDate.from(day);
      expect(easter(date.year).toString()).toBe(day);
    },
  );

  it('moves the holidays that hang on it', () => {
    expect(holidays(2026, ['05-01', 39, 50]).map(String)).toEqual(['2026-05-01', '2026-05-14', '2026-05-25']);
  });
});
