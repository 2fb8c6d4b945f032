import { isVisitKind, type NotificationKind, type VisitKind } from '../../../shared/domain/notification.ts';
import type { News, Visit, VisitNews } from '../../../shared/notify/message.ts';

export const sampleVisit: Visit = {
  bookingId: '018f3a5e-0000-7000-8000-000000000001',
  version: 2,
  slotStart: Temporal.Instant.from('2030-03-04T09:00:00Z'),
  slotEnd: Temporal.Instant.from('2030-03-04T09:30:00Z'),
  practitioner: { name: 'Jeanne Lefèvre', place: '12 rue des Lilas, Lyon', timeZone: 'Europe/Paris' },
};

/** News of any kind; of a visit, of this one. */
export function newsOf(kind: NotificationKind, visit: Partial<Visit> = {}): News {
  return isVisitKind(kind) ? sampleNews(kind, visit) : { kind, reference: sampleVisit.bookingId, minutes: 15 };
}

export function sampleNews(kind: VisitKind, visit: Partial<Visit> = {}): VisitNews {
  return {
    kind,
    visits: [{ ...sampleVisit, ...visit }],
    previousSlotStart: Temporal.Instant.from('2030-03-01T13:00:00Z'),
    at: Temporal.Instant.from('2030-02-01T08:00:00.123Z'),
  };
}

export function named(name: string, place = '1 place du Marché, Nantes'): Visit['practitioner'] {
  return { name, place, timeZone: 'Europe/Paris' };
}
