import { describe, expect, it } from 'vitest';

import { type Consent, decide } from '../../../shared/domain/consent.ts';

const given: Consent = { purpose: 'research', version: 4, decision: 'given', consentVersion: '2' };

describe('a decision', () => {
  it('is the first of its purpose, or follows the last', () => {
    const wish = { decision: 'given', consentVersion: '1' } as const;
    expect(decide(undefined, wish)).toEqual({ ...wish, version: 1 });
    expect(decide(given, { ...wish, consentVersion: '3' })).toEqual({ ...wish, consentVersion: '3', version: 5 });
    expect(decide(given, { decision: 'withdrawn', consentVersion: '2' })).toMatchObject({ version: 5 });
  });

  it('that says the same is none', () => {
    expect(decide(given, { decision: 'given', consentVersion: '2' })).toBeUndefined();
    const withdrawn = { ...given, decision: 'withdrawn' } as const;
    const again = { decision: 'withdrawn', consentVersion: '2' } as const;
    expect(decide(withdrawn, again)).toBeUndefined();
    // A kit may have been asked for between the two.
    expect(decide({ ...withdrawn, purpose: 'test-kit' }, again)).toMatchObject({ version: 5 });
  });
});
