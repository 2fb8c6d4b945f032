import type { Language } from '../../shared/domain/notification.ts';
import type { WorkingHours } from '../../shared/domain/schedule.ts';

/** A list of which one is picked. */
export type Choices<Item> = readonly [Item, ...Item[]];

export type City = {
  readonly name: string;
  /** WGS 84, of the town hall or thereabouts. */
  readonly latitude: number;
  readonly longitude: number;
  /** Where it is not the country's own. */
  readonly timeZone?: string;
};

export type VisitTypeNames = Readonly<Record<'consultation' | 'firstVisit' | 'video' | 'procedure', string>>;

/** What samples of a country are made of. The first city, hours and language are those of the first sample. */
export type CountrySamples = {
  readonly timeZone: string;
  readonly language: Language;
  /** What patients read, as often as it is listed. */
  readonly patientLanguages: Choices<Language>;
  /** What practitioners speak beside the country's language, ISO 639-1. */
  readonly spoken: Choices<string>;
  readonly cities: Choices<City>;
  readonly streets: Choices<string>;
  readonly address: (street: string, number: number) => string;
  readonly givenNames: Readonly<Record<'female' | 'male', Choices<string>>>;
  readonly familyNames: Choices<string>;
  readonly visitTypeNames: VisitTypeNames;
  readonly weeks: Choices<readonly WorkingHours[]>;
  readonly publicHolidays: (year: number) => readonly Temporal.PlainDate[];
  /** Numbers that regulators keep for fiction: nobody is ever called by them. They repeat when they run out. */
  readonly practitionerPhone: (index: number) => string;
  readonly patientPhone: (index: number) => string;
};

export const countryCodes = ['fr', 'de'] as const;
export type CountryCode = (typeof countryCodes)[number];
