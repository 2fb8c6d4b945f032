import type { QuietHours } from './quiet-hours.ts';

export const channels = ['email', 'sms', 'push'] as const;
export type Channel = (typeof channels)[number];

export const languages = ['fr', 'de', 'en'] as const;
export type Language = (typeof languages)[number];

/** What a recipient allows or refuses as one. */
type Category = 'booking' | 'reminder' | 'result' | 'critical' | 'device' | 'order' | 'account';

const visitKinds = ['booking-confirmed', 'booking-rescheduled', 'booking-cancelled', 'booking-reminder'] as const;
/** Kinds that speak of visits. */
export type VisitKind = (typeof visitKinds)[number];

export const notificationKinds = [
  ...visitKinds,
  'result-available',
  'result-corrected',
  'result-retracted',
  'critical-result-raised',
  'critical-result-escalated',
  'device-registered',
  'device-rejected',
  'device-authorized',
  'device-revoked',
  'test-kit-registered',
  'test-kit-rejected',
  'order-placed',
  'order-shipped',
  'order-cancelled',
  'account-updated',
  'consent-given',
  'consent-withdrawn',
] as const;
export type NotificationKind = (typeof notificationKinds)[number];

const categoryOf: Readonly<Record<NotificationKind, Category>> = {
  'booking-confirmed': 'booking',
  'booking-rescheduled': 'booking',
  'booking-cancelled': 'booking',
  'booking-reminder': 'reminder',
  'result-available': 'result',
  'result-corrected': 'result',
  'result-retracted': 'result',
  'critical-result-raised': 'critical',
  'critical-result-escalated': 'critical',
  'device-registered': 'device',
  'device-rejected': 'device',
  'device-authorized': 'device',
  'device-revoked': 'device',
  'test-kit-registered': 'device',
  'test-kit-rejected': 'device',
  'order-placed': 'order',
  'order-shipped': 'order',
  'order-cancelled': 'order',
  'account-updated': 'account',
  'consent-given': 'account',
  'consent-withdrawn': 'account',
};

export function isVisitKind(kind: NotificationKind): kind is VisitKind {
  return visitKinds.some((each) => each === kind);
}

/** Who a message is for. A proxy acts for the patient it concerns. */
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

export function isPractitioner({ type }: Pick<Recipient, 'type'>): boolean {
  return type === 'practitioner';
}

/** Why a message is not sent though its event asks for it. */
export type WithheldBecause =
  'opted-out' | 'no-address' | 'address-suppressed' | 'superseded' | 'past' | 'acknowledged' | 'no-proxy';

/**
 * `held` waits for its time; `claimed` is on its way until its lease ends; `failed` is tried again, and so is `refused`
 * when its event comes again.
 */
export type DeliveryStatus = 'held' | 'planned' | 'claimed' | 'sent' | 'failed' | 'refused' | 'suppressed';

/** The ways a recipient is told: push only where they have it, the others even if only to say why not. */
export function channelsTo({ addresses }: Pick<Recipient, 'addresses'>): Channel[] {
  return channels.filter((channel) => channel !== 'push' || addresses.push !== undefined);
}

/** Why the recipient is not written to on the channel, as far as it lies with them. */
export function unreachableBecause(
  recipient: Recipient | undefined,
  kind: NotificationKind,
  channel: Channel,
): WithheldBecause | undefined {
  if (recipient?.addresses[channel] === undefined) return 'no-address';
  if (recipient.suppressed.includes(channel)) return 'address-suppressed';
  if (isDuty(recipient, kind)) return undefined;
  return recipient.preferences[categoryOf[kind]]?.[channel] === false ? 'opted-out' : undefined;
}

/** A practitioner cannot refuse critical results: somebody must act on them within the hour (CLSI GP47). */
function isDuty({ type }: Recipient, kind: NotificationKind): boolean {
  return type === 'practitioner' && categoryOf[kind] === 'critical';
}

/**
 * Whether the recipient has agreed to be disturbed at any hour: a practitioner by ordering examinations, for critical
 * results; anybody else for what is critical, where their preferences allow it on the channel in so many words.
 */
export function mayDisturb(recipient: Recipient, kind: NotificationKind, channel: Channel): boolean {
  const agreed = categoryOf[kind] === 'critical' && recipient.preferences['critical']?.[channel] === true;
  return agreed || isDuty(recipient, kind);
}

/** Whether it comes of itself. Everything else answers what somebody has just done, who waits for the answer. */
export function isUnasked(kind: NotificationKind): boolean {
  return ['reminder', 'result', 'critical'].includes(categoryOf[kind]);
}

/** Why nobody can tell whether a provider took a message. */
export type DoubtReason = 'no-answer';

/**
 * Whether a message that may have been sent waits for the provider's word before it is sent again. That on an e-mail comes
 * before anybody could repeat it; a push that comes again takes the place of the first on the screen; and nobody waits to
 * be alerted of what is critical.
 */
export function awaitsWord(kind: NotificationKind, channel: Channel): boolean {
  return channel === 'sms' && categoryOf[kind] !== 'critical';
}

/** Nobody is told of a visit that has begun. */
export function lateBecause(slotStart: Temporal.Instant, now: Temporal.Instant): WithheldBecause | undefined {
  return Temporal.Instant.compare(slotStart, now) <= 0 ? 'past' : undefined;
}
