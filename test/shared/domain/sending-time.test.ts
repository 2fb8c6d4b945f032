import { assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { channels, notificationKinds, type Recipient } from '../../../shared/domain/notification.ts';
import { quietSpanAt } from '../../../shared/domain/quiet-hours.ts';
import { gatheredAt, sendingTime, visitDeadline } from '../../../shared/domain/sending-time.ts';

const NIGHT = { startMinute: 22 * 60, endMinute: 7 * 60, timeZone: 'Europe/Paris' };

const anna: Recipient = {
  type: 'patient',
  id: 'anna',
  language: 'fr',
  addresses: { email: 'anna@example.org', sms: '+33600000000', push: undefined },
  suppressed: [],
  preferences: {},
  quietHours: NIGHT,
};
const doctor: Recipient = { ...anna, type: 'practitioner' };

function at(text: string): Temporal.Instant {
  return Temporal.Instant.from(text);
}

const midnight = at('2030-01-16T00:00:00+01:00');
const morning = at('2030-01-16T07:00:00+01:00');

describe('in quiet hours', () => {
  it.each([
    ['a result', 'result-available', 'email'],
    ['a result', 'result-available', 'sms'],
    ['a result', 'result-retracted', 'push'],
    ['a reminder', 'booking-reminder', 'email'],
    ['a confirmation', 'booking-confirmed', 'sms'],
    ['an order', 'order-shipped', 'push'],
  ] as const)('%s (%s) waits for their end as %s', (_, kind, channel) => {
    expect(sendingTime(anna, { kind, channel, dueAt: midnight })).toEqual(morning);
  });

  it.each([
    'booking-confirmed',
    'booking-cancelled',
    'order-placed',
    'device-registered',
    'consent-withdrawn',
  ] as const)('the answer to what somebody has just done goes by e-mail at once (%s)', (kind) => {
    expect(sendingTime(anna, { kind, channel: 'email', dueAt: midnight })).toEqual(midnight);
  });

  it.each(['email', 'sms'] as const)('a critical result reaches the practitioner at once by %s', (channel) => {
    expect(sendingTime(doctor, { kind: 'critical-result-raised', channel, dueAt: midnight })).toEqual(midnight);
  });

  it('anything else waits for a practitioner too', () => {
    expect(sendingTime(doctor, { kind: 'booking-confirmed', channel: 'sms', dueAt: midnight })).toEqual(morning);
  });

  it('what is critical disturbs others only where they said that it may, on that channel', () => {
    const agreed = { ...anna, preferences: { critical: { sms: true } } };
    const kind = 'critical-result-escalated';
    expect(sendingTime(anna, { kind, channel: 'sms', dueAt: midnight })).toEqual(morning);
    expect(sendingTime(agreed, { kind, channel: 'sms', dueAt: midnight })).toEqual(midnight);
    expect(sendingTime(agreed, { kind, channel: 'email', dueAt: midnight })).toEqual(morning);
    expect(sendingTime(agreed, { kind: 'result-available', channel: 'sms', dueAt: midnight })).toEqual(morning);
  });

  it('news of a visit goes at once when their end would be less than two hours before it', () => {
    const sending = { kind: 'booking-cancelled', channel: 'sms', dueAt: midnight } as const;
    const [soon, later] = ['2030-01-16T09:00:00+01:00', '2030-01-16T09:01:00+01:00'].map((text) =>
      visitDeadline(at(text)),
    );
    expect(sendingTime(anna, { ...sending, deadline: soon })).toEqual(midnight);
    expect(sendingTime(anna, { ...sending, deadline: later })).toEqual(morning);
  });
});

it.each([
  ['the clock goes forward', '2030-03-30T23:30:00+01:00', '2030-03-31T07:00:00+02:00'],
  ['the clock goes back', '2030-10-26T23:30:00+02:00', '2030-10-27T07:00:00+01:00'],
])('keeps to the wall clock of the recipient in the night in which %s', (_, due, end) => {
  expect(sendingTime(anna, { kind: 'result-available', channel: 'sms', dueAt: at(due) })).toEqual(at(end));
});

it('is the time it is due outside quiet hours, and where there are none', () => {
  const noon = at('2030-01-16T12:00:00+01:00');
  const awake = { ...anna, quietHours: undefined };
  for (const kind of notificationKinds) {
    for (const channel of channels) {
      expect(sendingTime(anna, { kind, channel, dueAt: noon })).toEqual(noon);
      expect(sendingTime(awake, { kind, channel, dueAt: midnight })).toEqual(midnight);
    }
  }
});

it('is never before the time it is due, and never quiet for an SMS that keeps, in any zone', () => {
  const zones = constantFrom('Europe/Paris', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC');
  const minute = integer({ min: 0, max: 1439 });
  const epoch = integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2031, 0, 1) });
  const kinds = constantFrom(...notificationKinds);
  assert(
    property(zones, minute, minute, epoch, kinds, (timeZone, startMinute, endMinute, ms, kind) => {
      const quietHours = { startMinute, endMinute, timeZone };
      const dueAt = Temporal.Instant.fromEpochMilliseconds(ms);
      const sentAt = sendingTime({ ...anna, quietHours }, { kind, channel: 'sms', dueAt });
      expect(Temporal.Instant.compare(sentAt, dueAt)).toBeGreaterThanOrEqual(0);
      expect(quietSpanAt(quietHours, sentAt)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

it('gathers what is released within five minutes', () => {
  expect(gatheredAt(midnight)).toEqual(at('2030-01-16T00:05:00+01:00'));
});
