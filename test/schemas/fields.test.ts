import { describe, expect, it } from 'vitest';

import { samplesOf } from '../../infra/seed/countries.ts';
import { servedCountries, wholeNumber } from '../../schemas/fields.ts';

describe('a whole number of a query', () => {
  const limit = wholeNumber({ min: 0, max: 1000, absent: 20 });

  it.each([
    ['0', 0],
    ['7', 7],
    ['007', 7],
    ['1000', 1000],
    [undefined, 20],
  ])('%s is %i', (given, read) => {
    expect(limit.parse(given)).toBe(read);
  });

  it.each([
    '',
    ' ',
    '0x10',
    '0b1',
    '1e1',
    ' 7',
    '7 ',
    '+7',
    '-0',
    '1.0',
    '1,0',
    '٧',
    '1001',
    '9'.repeat(400),
    true,
    [],
  ])('is not %j', (given) => {
    expect(limit.safeParse(given).success).toBe(false);
  });
});

it('serves every country that it has samples of', () => {
  expect(Object.keys(samplesOf).toSorted()).toEqual(servedCountries);
});
