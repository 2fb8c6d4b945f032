import type { Language, NotificationKind } from '../domain/notification.ts';
import type { Template } from './template.ts';
import { bookingConfirmedDe } from './templates/booking-confirmed.de.ts';
import { bookingConfirmedEn } from './templates/booking-confirmed.en.ts';
import { bookingConfirmedFr } from './templates/booking-confirmed.fr.ts';
import { bookingRescheduledDe } from './templates/booking-rescheduled.de.ts';
import { bookingRescheduledEn } from './templates/booking-rescheduled.en.ts';
import { bookingRescheduledFr } from './templates/booking-rescheduled.fr.ts';
import { bookingCancelledDe } from './templates/booking-cancelled.de.ts';
import { bookingCancelledEn } from './templates/booking-cancelled.en.ts';
import { bookingCancelledFr } from './templates/booking-cancelled.fr.ts';
import { bookingReminderDe } from './templates/booking-reminder.de.ts';
import { bookingReminderEn } from './templates/booking-reminder.en.ts';
import { bookingReminderFr } from './templates/booking-reminder.fr.ts';

/** The words of every kind of message in every language. */
export const templates: Readonly<Record<NotificationKind, Readonly<Record<Language, Template>>>> = {
  'booking-confirmed': { fr: bookingConfirmedFr, de: bookingConfirmedDe, en: bookingConfirmedEn },
  'booking-rescheduled': { fr: bookingRescheduledFr, de: bookingRescheduledDe, en: bookingRescheduledEn },
  'booking-cancelled': { fr: bookingCancelledFr, de: bookingCancelledDe, en: bookingCancelledEn },
  'booking-reminder': { fr: bookingReminderFr, de: bookingReminderDe, en: bookingReminderEn },
};
