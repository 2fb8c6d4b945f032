import { describe, expect, it } from 'vitest';

import { defaultLadder, parseRungs, planReminders } from '../../../shared/domain/reminder.ts';

const night = { startMinute: 22 * 60, endMinute: 8 * 60, timeZone: 'Europe/Paris' };

function plan(slotStart: string, bookedAt: string, quiet?: typeof night) {
  const visit = {
    slotStart: Temporal.Instant.from(slotStart),
    bookedAt: Temporal.Instant.from(bookedAt),
    timeZone: 'Europe/Paris',
  };
  return planReminders(defaultLadder, visit, quiet).map(
    ({ channel, dueAt }) => `${channel} ${dueAt.toZonedDateTimeISO('Europe/Paris').toPlainDateTime().toString()}`,
  );
}

describe('the default ladder', () => {
  it('reminds by e-mail a week and a day before, by SMS two days and by push a day before, at the time of day of the visit', () => {
    expect(plan('2030-01-20T10:30:00+01:00', '2030-01-01T09:00:00+01:00')).toEqual([
      'email 2030-01-13T10:30:00',
      'sms 2030-01-18T10:30:00',
      'email 2030-01-19T10:30:00',
      'push 2030-01-19T10:30:00',
    ]);
  });

  it('leaves out what lies before the booking', () => {
    expect(plan('2030-01-20T10:30:00+01:00', '2030-01-18T09:00:00+01:00')).toEqual([
      'sms 2030-01-18T10:30:00',
      'email 2030-01-19T10:30:00',
      'push 2030-01-19T10:30:00',
    ]);
  });

  it('leaves out what would follow on the heels of the confirmation', () => {
    expect(plan('2030-01-20T10:30:00+01:00', '2030-01-13T10:00:00+01:00')).toEqual([
      'sms 2030-01-18T10:30:00',
      'email 2030-01-19T10:30:00',
      'push 2030-01-19T10:30:00',
    ]);
  });

  it.each(['2030-01-18T10:00:00+01:00', '2030-01-18T11:30:00+01:00', '2030-01-19T09:29:00+01:00'])(
    'reminds by SMS a day before where two days before is over when it is booked: at %s',
    (bookedAt) => {
      expect(plan('2030-01-20T10:30:00+01:00', bookedAt)).toEqual([
        'sms 2030-01-19T10:30:00',
        'email 2030-01-19T10:30:00',
        'push 2030-01-19T10:30:00',
      ]);
    },
  );

  it.each(['2030-01-19T09:30:00+01:00', '2030-01-19T20:30:00+01:00'])(
    'reminds once, by SMS, of a visit booked the day before and too late for the others: at %s',
    (bookedAt) => {
      expect(plan('2030-01-20T10:30:00+01:00', bookedAt)).toEqual(['sms 2030-01-20T08:30:00']);
    },
  );

  it('names an SMS the same two days and a day before, so that the visits of a day share it', () => {
    const visit = { slotStart: Temporal.Instant.from('2030-01-20T09:30:00Z'), timeZone: 'Europe/Paris' };
    const rungs = ['2030-01-01T09:00:00Z', '2030-01-18T12:00:00Z'].map((bookedAt) =>
      planReminders(defaultLadder, { ...visit, bookedAt: Temporal.Instant.from(bookedAt) }, undefined)
        .filter(({ channel }) => channel === 'sms')
        .map(({ rung }) => rung),
    );
    expect(rungs).toEqual([['sms-2d'], ['sms-2d']]);
  });

  it('reminds once, by SMS, of a visit booked on its own day', () => {
    expect(plan('2030-01-20T16:00:00+01:00', '2030-01-20T08:00:00+01:00')).toEqual(['sms 2030-01-20T14:00:00']);
  });

  it('leaves a visit in the next hours to its confirmation', () => {
    expect(plan('2030-01-20T10:00:00+01:00', '2030-01-20T08:30:00+01:00')).toEqual([]);
  });

  it('takes the day from the calendar of the practitioner', () => {
    // 23:30 UTC is the next day in Paris: booked on the day of the visit.
    expect(plan('2030-01-20T09:00:00+01:00', '2030-01-19T23:30:00Z')).toEqual(['sms 2030-01-20T07:00:00']);
  });

  it('keeps the time of day across a clock change', () => {
    expect(plan('2030-04-01T10:30:00+02:00', '2030-03-01T09:00:00+01:00')).toEqual([
      'email 2030-03-25T10:30:00',
      'sms 2030-03-30T10:30:00',
      'email 2030-03-31T10:30:00',
      'push 2030-03-31T10:30:00',
    ]);
  });

  it('moves a reminder out of the quiet hours of the patient', () => {
    expect(plan('2030-01-20T07:30:00+01:00', '2030-01-17T09:00:00+01:00', night)).toEqual([
      'sms 2030-01-18T08:00:00',
      'email 2030-01-19T08:00:00',
      'push 2030-01-19T08:00:00',
    ]);
  });

  it('drops a reminder that the quiet hours push before the booking', () => {
    expect(plan('2030-01-20T07:30:00+01:00', '2030-01-20T00:30:00+01:00', night)).toEqual([]);
  });

  it('plans nothing for a visit that has begun', () => {
    expect(plan('2030-01-20T10:00:00+01:00', '2030-01-20T10:00:00+01:00')).toEqual([]);
    expect(plan('2030-01-10T10:00:00+01:00', '2030-01-20T10:00:00+01:00')).toEqual([]);
  });
});

it.each([
  ['email:7d sms:2d/1d email:1d push:1d', defaultLadder.ahead],
  ['sms:120m', defaultLadder.sameDay],
  [' none ', []],
  ['fax:1d', undefined],
  ['sms:2', undefined],
  ['sms:2d,email:1d', undefined],
  ['sms:-1d', undefined],
  ['sms:2d/', undefined],
  ['sms:3d/2d/1d', undefined],
  ['sms:2d/90m', [{ name: 'sms-2d', channel: 'sms', before: { days: 2 }, orElse: { minutes: 90 } }]],
])('reads the ladder %j', (words, expected) => {
  expect(parseRungs(words)).toEqual(expected);
});

it.each([
  ['a visit booked too late for the only reminder', [{ name: 'email-7d', channel: 'email', before: { days: 7 } }]],
  ['a platform that reminds of nothing ahead', []],
] as const)('takes days ahead no other ladder than it is given: %s', (_, ahead) => {
  const visit = {
    slotStart: Temporal.Instant.from('2030-01-20T10:00:00Z'),
    bookedAt: Temporal.Instant.from('2030-01-18T10:00:00Z'),
    timeZone: 'UTC',
  };
  expect(planReminders({ ...defaultLadder, ahead }, visit, undefined)).toEqual([]);
});

it('follows whatever ladder it is given', () => {
  const ladder = {
    ahead: [{ name: 'sms-3h', channel: 'sms', before: { minutes: 180 } }],
    sameDay: [],
    restMinutes: 0,
  } as const;
  const visit = {
    slotStart: Temporal.Instant.from('2030-01-20T10:00:00Z'),
    bookedAt: Temporal.Instant.from('2030-01-01T10:00:00Z'),
    timeZone: 'UTC',
  };
  expect(planReminders(ladder, visit, undefined)).toEqual([
    {
      rung: 'sms-3h',
      channel: 'sms',
      dueAt: Temporal.Instant.from('2030-01-20T07:00:00Z'),
      day: Temporal.PlainDate.from('2030-01-20'),
    },
  ]);
});
