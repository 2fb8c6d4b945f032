import { afterAll, beforeAll, expect, it } from 'vitest';

import { z } from 'zod';

import { Availability } from '../../schemas/api/availability.ts';
import { type Booking, listBookings } from '../../schemas/api/booking.ts';
import { describeOnEventLogs } from '../support/services/event-logs.ts';
import { until } from '../support/until.ts';
import { startTestPlatform, type TestPlatform } from './platform.ts';

const MessageList = z.object({
  items: z.array(
    z.object({
      channel: z.enum(['email', 'sms']),
      to: z.string(),
      text: z.string(),
      attachments: z.array(z.object({ content: z.string() })),
    }),
  ),
});
type Message = z.infer<typeof MessageList>['items'][number];

describeOnEventLogs('one booking with events in', (eventLog) => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startTestPlatform(eventLog);
  }, 180_000);
  afterAll(() => platform.stop());

  async function mailbox(): Promise<Message[]> {
    const response = await fetch(`${platform.running.platform.mailbox}/mailbox`);
    return MessageList.parse(await response.json()).items;
  }

  async function availability(token: string): Promise<z.infer<typeof Availability>> {
    const { practitionerId, visitTypeId } = platform.sample;
    const response = await platform.call(
      `/fr/practitioners/${practitionerId}/availability?days=14&visitTypeId=${visitTypeId}`,
      token,
    );
    expect(response.status).toBe(200);
    return Availability.parse(await response.json());
  }

  function startsOf({ days }: z.infer<typeof Availability>): string[] {
    return days.flatMap(({ slots }) => slots.map(({ start }) => start));
  }

  it('takes the slot from availability and tells patient and practitioner, under one trace', async () => {
    const token = await platform.token('patient', platform.sample.patientId);
    const before = await availability(token);
    const slotStart = before.nextAvailable ?? '';
    expect(startsOf(before)).toContain(slotStart);

    const booked = await platform.call('/fr/bookings', token, { ...platform.sample, slotStart });
    expect(booked.status).toBe(201);

    const sent = await until(
      async () => {
        const messages = await mailbox();
        return messages.length >= 4 ? messages : undefined;
      },
      { what: 'two e-mails and two SMS', timeoutMs: 60_000 },
    );
    expect(sent.map(({ channel }) => channel).toSorted()).toEqual(['email', 'email', 'sms', 'sms']);
    expect(sent.flatMap(({ attachments }) => attachments)).toHaveLength(2);
    await until(async () => !startsOf(await availability(token)).includes(slotStart), {
      what: 'the slot to be gone from availability',
      timeoutMs: 60_000,
    });

    const traceId = booked.headers.get('traceparent')?.split('-')[1];
    await until(() => functionsOf(traceId).size === 3, { what: 'the trace in the lines of three functions' });
    expect(functionsOf(traceId)).toEqual(new Set(['booking', 'availability', 'notifications']));
  }, 120_000);

  it('frees the slot and tells both when the booking is cancelled', async () => {
    const token = await platform.token('patient', platform.sample.patientId);
    const [booking] = await bookings(token);
    const before = await mailbox();
    const cancelled = await platform.call(`/fr/bookings/${booking?.id}/cancel`, token, { reason: 'moved house' });
    expect(cancelled.status).toBe(200);
    const sent = await until(
      async () => {
        const messages = await mailbox();
        return messages.length >= before.length + 4 ? messages : undefined;
      },
      { what: 'the cancellation', timeoutMs: 60_000 },
    );
    const told = sent.slice(0, sent.length - before.length);
    expect(told.flatMap(({ attachments }) => attachments.map(({ content }) => content))).toEqual([
      expect.stringContaining('METHOD:CANCEL'),
      expect.stringContaining('METHOD:CANCEL'),
    ]);
    expect(JSON.stringify(sent)).not.toContain('moved house');
    await until(async () => startsOf(await availability(token)).includes(booking?.slotStart ?? ''), {
      what: 'the slot to be free again',
      timeoutMs: 60_000,
    });
  }, 120_000);

  /** The functions that answered a request under the trace. */
  function functionsOf(traceId: string | undefined): Set<unknown> {
    const answered = platform.lines.filter(({ msg }) => msg === 'request answered');
    return new Set(answered.filter((line) => line['traceId'] === traceId).map((line) => line['function']));
  }

  async function bookings(token: string): Promise<z.infer<typeof Booking>[]> {
    const response = await platform.call(`/fr/bookings?patientId=${platform.sample.patientId}`, token);
    return listBookings.output.parse(await response.json()).items;
  }
});
