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
import { resultAvailableDe } from './templates/result-available.de.ts';
import { resultAvailableEn } from './templates/result-available.en.ts';
import { resultAvailableFr } from './templates/result-available.fr.ts';
import { resultCorrectedDe } from './templates/result-corrected.de.ts';
import { resultCorrectedEn } from './templates/result-corrected.en.ts';
import { resultCorrectedFr } from './templates/result-corrected.fr.ts';
import { resultRetractedDe } from './templates/result-retracted.de.ts';
import { resultRetractedEn } from './templates/result-retracted.en.ts';
import { resultRetractedFr } from './templates/result-retracted.fr.ts';
import { criticalResultRaisedDe } from './templates/critical-result-raised.de.ts';
import { criticalResultRaisedEn } from './templates/critical-result-raised.en.ts';
import { criticalResultRaisedFr } from './templates/critical-result-raised.fr.ts';
import { criticalResultEscalatedDe } from './templates/critical-result-escalated.de.ts';
import { criticalResultEscalatedEn } from './templates/critical-result-escalated.en.ts';
import { criticalResultEscalatedFr } from './templates/critical-result-escalated.fr.ts';
import { deviceRegisteredDe } from './templates/device-registered.de.ts';
import { deviceRegisteredEn } from './templates/device-registered.en.ts';
import { deviceRegisteredFr } from './templates/device-registered.fr.ts';
import { deviceRejectedDe } from './templates/device-rejected.de.ts';
import { deviceRejectedEn } from './templates/device-rejected.en.ts';
import { deviceRejectedFr } from './templates/device-rejected.fr.ts';
import { deviceAuthorizedDe } from './templates/device-authorized.de.ts';
import { deviceAuthorizedEn } from './templates/device-authorized.en.ts';
import { deviceAuthorizedFr } from './templates/device-authorized.fr.ts';
import { deviceRevokedDe } from './templates/device-revoked.de.ts';
import { deviceRevokedEn } from './templates/device-revoked.en.ts';
import { deviceRevokedFr } from './templates/device-revoked.fr.ts';
import { testKitRegisteredDe } from './templates/test-kit-registered.de.ts';
import { testKitRegisteredEn } from './templates/test-kit-registered.en.ts';
import { testKitRegisteredFr } from './templates/test-kit-registered.fr.ts';
import { testKitRejectedDe } from './templates/test-kit-rejected.de.ts';
import { testKitRejectedEn } from './templates/test-kit-rejected.en.ts';
import { testKitRejectedFr } from './templates/test-kit-rejected.fr.ts';
import { orderPlacedDe } from './templates/order-placed.de.ts';
import { orderPlacedEn } from './templates/order-placed.en.ts';
import { orderPlacedFr } from './templates/order-placed.fr.ts';
import { orderShippedDe } from './templates/order-shipped.de.ts';
import { orderShippedEn } from './templates/order-shipped.en.ts';
import { orderShippedFr } from './templates/order-shipped.fr.ts';
import { orderCancelledDe } from './templates/order-cancelled.de.ts';
import { orderCancelledEn } from './templates/order-cancelled.en.ts';
import { orderCancelledFr } from './templates/order-cancelled.fr.ts';
import { accountUpdatedDe } from './templates/account-updated.de.ts';
import { accountUpdatedEn } from './templates/account-updated.en.ts';
import { accountUpdatedFr } from './templates/account-updated.fr.ts';
import { consentGivenDe } from './templates/consent-given.de.ts';
import { consentGivenEn } from './templates/consent-given.en.ts';
import { consentGivenFr } from './templates/consent-given.fr.ts';
import { consentWithdrawnDe } from './templates/consent-withdrawn.de.ts';
import { consentWithdrawnEn } from './templates/consent-withdrawn.en.ts';
import { consentWithdrawnFr } from './templates/consent-withdrawn.fr.ts';

/** The words of every kind of message in every language. */
export const templates: Readonly<Record<NotificationKind, Readonly<Record<Language, Template>>>> = {
  'booking-confirmed': { fr: bookingConfirmedFr, de: bookingConfirmedDe, en: bookingConfirmedEn },
  'booking-rescheduled': { fr: bookingRescheduledFr, de: bookingRescheduledDe, en: bookingRescheduledEn },
  'booking-cancelled': { fr: bookingCancelledFr, de: bookingCancelledDe, en: bookingCancelledEn },
  'booking-reminder': { fr: bookingReminderFr, de: bookingReminderDe, en: bookingReminderEn },
  'result-available': { fr: resultAvailableFr, de: resultAvailableDe, en: resultAvailableEn },
  'result-corrected': { fr: resultCorrectedFr, de: resultCorrectedDe, en: resultCorrectedEn },
  'result-retracted': { fr: resultRetractedFr, de: resultRetractedDe, en: resultRetractedEn },
  'critical-result-raised': { fr: criticalResultRaisedFr, de: criticalResultRaisedDe, en: criticalResultRaisedEn },
  'critical-result-escalated': {
    fr: criticalResultEscalatedFr,
    de: criticalResultEscalatedDe,
    en: criticalResultEscalatedEn,
  },
  'device-registered': { fr: deviceRegisteredFr, de: deviceRegisteredDe, en: deviceRegisteredEn },
  'device-rejected': { fr: deviceRejectedFr, de: deviceRejectedDe, en: deviceRejectedEn },
  'device-authorized': { fr: deviceAuthorizedFr, de: deviceAuthorizedDe, en: deviceAuthorizedEn },
  'device-revoked': { fr: deviceRevokedFr, de: deviceRevokedDe, en: deviceRevokedEn },
  'test-kit-registered': { fr: testKitRegisteredFr, de: testKitRegisteredDe, en: testKitRegisteredEn },
  'test-kit-rejected': { fr: testKitRejectedFr, de: testKitRejectedDe, en: testKitRejectedEn },
  'order-placed': { fr: orderPlacedFr, de: orderPlacedDe, en: orderPlacedEn },
  'order-shipped': { fr: orderShippedFr, de: orderShippedDe, en: orderShippedEn },
  'order-cancelled': { fr: orderCancelledFr, de: orderCancelledDe, en: orderCancelledEn },
  'account-updated': { fr: accountUpdatedFr, de: accountUpdatedDe, en: accountUpdatedEn },
  'consent-given': { fr: consentGivenFr, de: consentGivenDe, en: consentGivenEn },
  'consent-withdrawn': { fr: consentWithdrawnFr, de: consentWithdrawnDe, en: consentWithdrawnEn },
};
