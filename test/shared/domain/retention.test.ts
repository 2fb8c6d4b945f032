import { describe, expect, it } from 'vitest';

import { keptUntil, retainedKinds, retentionOf } from '../../../shared/domain/retention.ts';

const day = (text: string) => Temporal.PlainDate.from(text);

describe('what law keeps', () => {
  it.each([
    ['fr', '2030-05-17', '1980-01-01', '2050-05-17'],
    ['fr', '2030-05-17', undefined, '2050-05-17'],
    // Until the 28th birthday of somebody who was a child.
    ['fr', '2030-05-17', '2025-09-01', '2053-09-01'],
    ['fr', '2030-05-17', '2022-05-17', '2050-05-17'],
    ['de', '2030-05-17', '2025-09-01', '2040-05-17'],
    ['de', '2028-02-29', '1980-01-01', '2038-02-28'],
  ])(
    'of clinical records in %s, the last of %s, somebody born on %s, is kept until %s',
    (country, last, born, until) => {
      const law = retentionOf('clinical', country);
      expect(keptUntil(law, day(last), born === undefined ? undefined : day(born)).toString()).toBe(until);
    },
  );

  it('in a country whose law is not known here, is kept as long as where it is kept longest', () => {
    expect(retentionOf('clinical', 'xx').years).toBe(20);
  });

  it.each(retainedKinds)('names a law for %s records in every country that is served', (kind) => {
    for (const country of ['fr', 'de'])
      expect(retentionOf(kind, country).law).toContain(country === 'fr' ? 'FR' : 'DE');
  });
});
