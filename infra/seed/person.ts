import type { CountryCode, CountrySamples } from './country.ts';
import type { Dice } from './dice.ts';

export type Name = { readonly sex: 'female' | 'male'; readonly givenName: string; readonly familyName: string };

/** A made-up person: a given name and a family name that are common in the country, put together by chance. */
export function nameOf({ givenNames, familyNames }: CountrySamples, dice: Dice): Name {
  const sex = dice.chance(0.5) ? 'female' : 'male';
  return { sex, givenName: dice.pick(givenNames[sex]), familyName: dice.pick(familyNames) };
}

/** An address that reaches nobody: example.com is kept for documents (RFC 6761, section 6.5). */
export function emailOf({ givenName, familyName }: Name, country: CountryCode, index: number): string {
  return `${plain(givenName)}.${plain(familyName)}.${country}${index}@example.com`;
}

function plain(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('ı', 'i')
    .normalize('NFD')
    .replaceAll(/[^a-z]/g, '');
}
