import { assert, property, string } from 'fast-check';
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';

import { type Invitation, writeCalendar } from '../../../shared/notify/calendar.ts';

const invitation: Invitation = {
  method: 'REQUEST',
  uid: '018f3a5e-0000-7000-8000-000000000001@careflow',
  sequence: 0,
  stampedAt: Temporal.Instant.from('2030-02-01T08:00:00.999Z'),
  start: Temporal.Instant.from('2030-03-04T09:00:00Z'),
  end: Temporal.Instant.from('2030-03-04T09:30:00Z'),
  summary: 'Appointment with Jane Doe',
  location: '12 High Street; rear, first floor',
  organizerAddress: 'no-reply@careflow.example',
  attendeeAddress: 'anna@example.org',
};

function parse(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const event = calendar.getFirstSubcomponent('vevent');
  if (!event) throw new Error('no event');
  return { calendar, event, read: (name: string) => event.getFirstPropertyValue(name)?.toString() };
}

describe('an invitation', () => {
  it('reads back as it was meant', () => {
    const { calendar, event, read } = parse(writeCalendar(invitation));
    expect(calendar.getFirstPropertyValue('method')).toBe('REQUEST');
    expect(calendar.getFirstPropertyValue('version')).toBe('2.0');
    expect(read('uid')).toBe(invitation.uid);
    expect(read('sequence')).toBe('0');
    expect(read('dtstamp')).toBe('2030-02-01T08:00:00Z');
    expect(read('dtstart')).toBe('2030-03-04T09:00:00Z');
    expect(read('dtend')).toBe('2030-03-04T09:30:00Z');
    expect(read('status')).toBe('CONFIRMED');
    expect(read('summary')).toBe(invitation.summary);
    expect(read('location')).toBe(invitation.location);
    expect(read('organizer')).toBe('mailto:no-reply@careflow.example');
    expect(read('attendee')).toBe('mailto:anna@example.org');
    expect(event.getFirstProperty('attendee')?.getParameter('rsvp')).toBe('FALSE');
  });

  it('is taken back under the same id with a higher sequence', () => {
    const { calendar, read } = parse(writeCalendar({ ...invitation, method: 'CANCEL', sequence: 2 }));
    expect(calendar.getFirstPropertyValue('method')).toBe('CANCEL');
    expect(read('uid')).toBe(invitation.uid);
    expect(read('sequence')).toBe('2');
    expect(read('status')).toBe('CANCELLED');
  });

  it('keeps any text whole, in lines of at most 75 octets that end in CRLF', () => {
    assert(
      property(string({ unit: 'grapheme', maxLength: 200 }), (summary) => {
        const text = writeCalendar({ ...invitation, summary });
        const lines = text.split('\r\n');
        expect(lines.pop()).toBe('');
        for (const line of lines) {
          expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
          expect(line).not.toMatch(/[\r\n]/);
        }
        expect(parse(text).read('summary')).toBe(summary.replaceAll(/\p{Cc}/gu, ''));
      }),
      { numRuns: 300 },
    );
  });

  it('lets no address end its line', () => {
    const text = writeCalendar({ ...invitation, attendeeAddress: 'a@b.example\r\nATTENDEE:mailto:c@d.example' });
    expect(parse(text).event.getAllProperties('attendee')).toHaveLength(1);
  });
});
