import type { CountryCode, CountrySamples } from './country.ts';
import { germany } from './de.ts';
import { france } from './fr.ts';

export const samplesOf: Readonly<Record<CountryCode, CountrySamples>> = { fr: france, de: germany };
