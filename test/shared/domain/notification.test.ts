import { describe, expect, it } from 'vitest';

import { lateBecause, type Recipient, unreachableBecause } from '../../../shared/domain/notification.ts';

const noon = Temporal.Instant.from('2030-01-20T12:00:00Z');

const anna: Recipient = {
  type: 'patient',
  id: 'anna',
  language: 'fr',
  addresses: { email: 'anna@example.org', sms: undefined, push: undefined },
  suppressed: [],
  preferences: { reminder: { email: false } },
  quietHours: undefined,
};

describe('unreachableBecause', () => {
  it('allows what nothing is said about', () => {
    expect(unreachableBecause(anna, 'booking-confirmed', 'email')).toBeUndefined();
  });

  it('refuses a channel of the category that was refused', () => {
    expect(unreachableBecause(anna, 'booking-reminder', 'email')).toBe('opted-out');
  });

  it('refuses an address that bounced', () => {
    expect(unreachableBecause({ ...anna, suppressed: ['email'] }, 'booking-confirmed', 'email')).toBe(
      'address-suppressed',
    );
  });

  it('needs an address', () => {
    expect(unreachableBecause(anna, 'booking-confirmed', 'sms')).toBe('no-address');
    expect(unreachableBecause(undefined, 'booking-confirmed', 'email')).toBe('no-address');
  });
});

describe('lateBecause', () => {
  it('lets a visit be told of until it begins', () => {
    expect(lateBecause(noon, noon.subtract({ seconds: 1 }))).toBeUndefined();
    expect(lateBecause(noon, noon)).toBe('past');
  });
});
