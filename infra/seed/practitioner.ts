import type {
  practitioners,
  scheduleExceptions,
  visitTypes,
  workingHours,
} from '../../shared/db/schema/practitioner.ts';
import { samplesOf } from './countries.ts';
import type { City, CountryCode } from './country.ts';
import { createDice, type Dice } from './dice.ts';
import { sampleId } from './id.ts';
import { emailOf, nameOf } from './person.ts';
import { exceptionRows, personalDepartures, publicHolidays } from './time-off.ts';
import { offeredVisits } from './visit-types.ts';

export type SamplePractitioner = {
  /** All but what depends on who was there before: the place in the bitmap and the version. */
  readonly profile: Omit<typeof practitioners.$inferSelect, 'ordinal' | 'version'>;
  readonly workingHours: readonly (typeof workingHours.$inferSelect)[];
  readonly exceptions: readonly (typeof scheduleExceptions.$inferSelect)[];
  readonly visitTypes: readonly (typeof visitTypes.$inferSelect)[];
};

/** As often as they are listed. */
const specialties = [
  'general-practitioner',
  'general-practitioner',
  'general-practitioner',
  'dentist',
  'dentist',
  'dermatologist',
  'ophthalmologist',
  'gynaecologist',
  'paediatrician',
  'cardiologist',
  'psychiatrist',
  'otorhinolaryngologist',
  'physiotherapist',
  'orthopaedist',
  'endocrinologist',
] as const;

/** About three kilometres, in degrees of latitude. */
const CITY_RADIUS = 0.027;

export function practitionerId(country: CountryCode, index: number): string {
  return sampleId(`practitioner ${country} ${index}`);
}

/**
 * The practitioner of that number, with the exceptions of those years. The first one keeps the country's usual hours,
 * takes only public holidays off and is reached on every channel.
 */
export function samplePractitioner(country: CountryCode, index: number, years: readonly number[]): SamplePractitioner {
  const dice = createDice(`practitioner ${country} ${index}`);
  const { weeks } = samplesOf[country];
  const profile = profileOf(country, index, dice);
  const week = index === 0 ? weeks[0] : dice.pick(weeks);
  const practice = { country, practitionerId: profile.id, week };
  const departures = years.flatMap((year) => [
    ...publicHolidays(practice, year),
    ...(index === 0 ? [] : personalDepartures(practice, year, createDice(`time off ${country} ${index} ${year}`))),
  ]);
  const [specialty = specialties[0]] = profile.specialties;
  return {
    profile,
    workingHours: week.map((hours) => ({ country, practitionerId: profile.id, ...hours })),
    exceptions: exceptionRows(practice, departures),
    visitTypes: offeredVisits({ country, practitionerId: profile.id, specialty }, dice),
  };
}

function profileOf(country: CountryCode, index: number, dice: Dice): SamplePractitioner['profile'] {
  const samples = samplesOf[country];
  const isFirst = index === 0;
  const name = nameOf(samples, dice);
  const city = isFirst ? samples.cities[0] : dice.pick(samples.cities);
  const spoken = dice.chance(0.5) ? [dice.pick(samples.spoken)] : [];
  return {
    country,
    id: practitionerId(country, index),
    givenName: name.givenName,
    familyName: name.familyName,
    specialties: [isFirst ? specialties[0] : dice.pick(specialties)],
    languages: [samples.language, ...spoken],
    language: samples.language,
    timeZone: city.timeZone ?? samples.timeZone,
    address: samples.address(dice.pick(samples.streets), 1 + dice.below(90)),
    city: city.name,
    ...placeIn(city, dice),
    email: emailOf(name, country, index),
    phone: isFirst || dice.chance(0.9) ? samples.practitionerPhone(index) : null,
    channels: {},
    quietStartMinute: null,
    quietEndMinute: null,
  };
}

/** Somewhere in the city, to about ten metres. */
function placeIn({ latitude, longitude }: City, dice: Dice): { latitude: number; longitude: number } {
  const degrees = () => (2 * dice.below(1_001) - 1_000) * (CITY_RADIUS / 1_000);
  const round = (value: number) => Math.round(value * 10_000) / 10_000;
  const narrower = Math.cos((latitude * Math.PI) / 180);
  return { latitude: round(latitude + degrees()), longitude: round(longitude + degrees() / narrower) };
}
