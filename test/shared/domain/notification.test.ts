import { describe, expect, it } from 'vitest';

import {
  claimability,
  outdatedBecause,
  type Recipient,
  unreachableBecause,
} from '../../../shared/domain/notification.ts';

const noon = Temporal.Instant.from('2030-01-20T12:00:00Z');

const anna: Recipient = {
  type: 'patient',
  id: 'anna',
  language: 'fr',
  addresses: { email: 'anna@example.org', sms: undefined },
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

  it('needs an address', () => {
    expect(unreachableBecause(anna, 'booking-confirmed', 'sms')).toBe('no-address');
    expect(unreachableBecause(undefined, 'booking-confirmed', 'email')).toBe('no-address');
  });
});

describe('outdatedBecause', () => {
  const told = { version: 2, slotStart: noon };
  const before = noon.subtract({ minutes: 1 });

  it.each([
    ['the newest state of a coming visit is news', { version: 2 }, before, undefined],
    ['a newer state makes it untrue', { version: 3 }, before, 'superseded'],
    ['a visit that has begun makes it useless', { version: 2 }, noon, 'past'],
  ])('%s', (_, known, now, expected) => {
    expect(outdatedBecause(told, known, now)).toBe(expected);
  });
});

describe('claimability', () => {
  const later = noon.add({ seconds: 30 });

  it.each([
    ['planned', null, 'free'],
    ['failed', null, 'free'],
    ['refused', null, 'free'],
    ['claimed', later, 'taken'],
    ['claimed', noon, 'free'],
    ['sent', null, 'done'],
    ['suppressed', null, 'done'],
  ] as const)('%s until %s is %s', (status, leaseUntil, expected) => {
    expect(claimability({ status, leaseUntil }, noon)).toBe(expected);
  });
});
