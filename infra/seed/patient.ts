import type { ConsentPurpose } from '../../shared/domain/consent.ts';
import type { ConsentRow } from '../../shared/db/schema/account.ts';
import type { patientIdentifiers } from '../../shared/db/schema/patient-identity.ts';
import type {
  ChannelPreferences,
  contactPoints,
  patients,
  preferences,
  proxies,
} from '../../shared/db/schema/patient.ts';
import { samplesOf } from './countries.ts';
import type { Choices, CountryCode, CountrySamples } from './country.ts';
import { createDice, type Dice } from './dice.ts';
import { sampleId } from './id.ts';
import { emailOf, type Name, nameOf } from './person.ts';

export type SamplePatient = {
  readonly profile: Omit<typeof patients.$inferSelect, 'version'>;
  /** What laboratories know them by. */
  readonly identifier: typeof patientIdentifiers.$inferSelect;
  readonly contactPoints: readonly (typeof contactPoints.$inferSelect)[];
  readonly preferences: Omit<typeof preferences.$inferSelect, 'version'>;
  readonly proxies: readonly (typeof proxies.$inferSelect)[];
  readonly consents: readonly ConsentRow[];
};

const KNOWN_SINCE = Temporal.Instant.from('2026-01-05T09:00:00Z');

/** Minutes after midnight. */
const quietHours = [
  { quietStartMinute: 21 * 60, quietEndMinute: 8 * 60 },
  { quietStartMinute: 22 * 60, quietEndMinute: 7 * 60 },
  { quietStartMinute: 12 * 60, quietEndMinute: 14 * 60 },
] as const;
const noQuietHours = { quietStartMinute: null, quietEndMinute: null };

const optOuts: Choices<ChannelPreferences> = [
  { reminder: { sms: false } },
  { reminder: { email: false } },
  { booking: { sms: false }, reminder: { sms: false } },
];

export function patientId(country: CountryCode, index: number): string {
  return sampleId(`patient ${country} ${index}`);
}

/**
 * The patient of that number. The first one reads the country's language and is reached by e-mail and SMS at any hour. The
 * last of every ten is a child without an address, whose guardian is the one before.
 */
export function samplePatient(country: CountryCode, index: number): SamplePatient {
  const samples = samplesOf[country];
  const dice = createDice(`patient ${country} ${index}`);
  const isChild = index % 10 === 9;
  const id = patientId(country, index);
  const name = isChild
    ? { ...nameOf(samples, dice), familyName: familyNameOf(country, index - 1) }
    : nameOf(samples, dice);
  return {
    profile: { ...name, id, country, birthDate: birthDate(isChild, dice), timeZone: samples.timeZone },
    identifier: { authority: 'CAREFLOW', value: recordNumber(country, index), patientId: id },
    contactPoints: isChild ? [] : contactsOf(name, country, index, dice),
    preferences: { patientId: id, ...preferencesOf(samples, index === 0, dice) },
    proxies: proxiesOf(country, index, dice),
    consents: (['terms', 'data-processing'] as const).map((purpose) => consentTo(purpose, id, country)),
  };
}

/** The number of their medical record. */
function recordNumber(country: CountryCode, index: number): string {
  return `${country.toUpperCase()}-${String(index + 1).padStart(6, '0')}`;
}

/** The name is what the dice of a sample give first. */
function familyNameOf(country: CountryCode, index: number): string {
  return nameOf(samplesOf[country], createDice(`patient ${country} ${index}`)).familyName;
}

function birthDate(isChild: boolean, dice: Dice): string {
  const year = isChild ? 2014 + dice.below(10) : 1938 + dice.below(68);
  const firstDay = Temporal.PlainDate.from({ year, month: 1, day: 1 });
  return firstDay.add({ days: dice.below(365) }).toString();
}

function contactsOf(name: Name, country: CountryCode, index: number, dice: Dice): SamplePatient['contactPoints'] {
  const id = patientId(country, index);
  const email = {
    patientId: id,
    channel: 'email',
    value: emailOf(name, country, index),
    verifiedAt: KNOWN_SINCE,
  } as const;
  const value = samplesOf[country].patientPhone(index);
  const sms = { patientId: id, channel: 'sms', value, verifiedAt: KNOWN_SINCE } as const;
  if (index === 0 || dice.chance(0.85)) return [email, sms];
  return [dice.chance(0.7) ? email : sms];
}

function preferencesOf(samples: CountrySamples, isFirst: boolean, dice: Dice) {
  if (isFirst) return { language: samples.language, channels: {}, ...noQuietHours };
  return {
    language: dice.pick(samples.patientLanguages),
    channels: dice.chance(0.12) ? dice.pick(optOuts) : {},
    ...(dice.chance(0.15) ? dice.pick(quietHours) : noQuietHours),
  };
}

function consentTo(purpose: ConsentPurpose, patientId: string, country: CountryCode): ConsentRow {
  const decision = { decision: 'given', consentVersion: '2026-01', occurredAt: KNOWN_SINCE } as const;
  return { patientId, purpose, country, version: 1, ...decision };
}

/** A child's guardian; for some of the others, somebody they named. */
function proxiesOf(country: CountryCode, index: number, dice: Dice): SamplePatient['proxies'] {
  const isChild = index % 10 === 9;
  const namesSomebody = index % 10 === 5 && dice.chance(0.5);
  if (!isChild && !namesSomebody) return [];
  return [
    {
      patientId: patientId(country, index),
      proxyId: patientId(country, index - 1),
      relation: isChild ? 'guardian' : 'proxy',
      validFrom: KNOWN_SINCE,
      validUntil: null,
    },
  ];
}
