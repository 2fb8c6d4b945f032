import type { QuietHours } from './quiet-hours.ts';

export const channels = ['email', 'sms'] as const;
export type Channel = (typeof channels)[number];

export const languages = ['fr', 'de', 'en'] as const;
export type Language = (typeof languages)[number];

export const notificationKinds = [
  'booking-confirmed',
  'booking-rescheduled',
  'booking-cancelled',
  'booking-reminder',
] as const;
export type NotificationKind = (typeof notificationKinds)[number];

/** What a recipient allows or refuses as one. */
type Category = 'booking' | 'reminder';

/** Who a message is for. A proxy is told in place of a patient who has no address of their own. */
export type RecipientType = 'patient' | 'proxy' | 'practitioner';

/** By category and channel; what is not said is allowed. */
export type Preferences = Readonly<Partial<Record<string, Readonly<Partial<Record<Channel, boolean>>>>>>;

export type Recipient = {
  readonly type: RecipientType;
  readonly id: string;
  readonly language: Language;
  readonly addresses: Readonly<Record<Channel, string | undefined>>;
  /** Channels whose address bounced or complained. */
  readonly suppressed: readonly Channel[];
  readonly preferences: Preferences;
  readonly quietHours: QuietHours | undefined;
};

/** Why a message is not sent though its event asks for it. */
export type WithheldBecause = 'opted-out' | 'no-address' | 'address-suppressed' | 'superseded' | 'past';

/** `claimed` is on its way until its lease ends; `failed` is tried again, and so is `refused` when its event comes again. */
export type DeliveryStatus = 'planned' | 'claimed' | 'sent' | 'failed' | 'refused' | 'suppressed';

/** Why the recipient is not written to on the channel, as far as it lies with them. */
export function unreachableBecause(
  recipient: Recipient | undefined,
  kind: NotificationKind,
  channel: Channel,
): WithheldBecause | undefined {
  if (recipient?.addresses[channel] === undefined) return 'no-address';
  if (recipient.suppressed.includes(channel)) return 'address-suppressed';
  return recipient.preferences[categoryOf(kind)]?.[channel] === false ? 'opted-out' : undefined;
}

/** Nobody is told of a visit that has begun. */
export function lateBecause(slotStart: Temporal.Instant, now: Temporal.Instant): WithheldBecause | undefined {
  return Temporal.Instant.compare(slotStart, now) <= 0 ? 'past' : undefined;
}

function categoryOf(kind: NotificationKind): Category {
  return kind === 'booking-reminder' ? 'reminder' : 'booking';
}
