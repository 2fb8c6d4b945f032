import { expect, it } from 'vitest';

import { isGsm7, septetsOf, toGsm7 } from '../../../shared/notify/gsm7.ts';

it.each([
  ['keeps the letters the alphabet has', 'à è é ù ì ò ä ö ü ß Ç Ñ', 'à è é ù ì ò ä ö ü ß Ç Ñ'],
  ['takes the accent off the others', 'garçon, forêt, Noël, Łódź, cœur', 'garcon, foret, Noel, Lodz, coeur'],
  ['straightens typographic marks', '« l’été » – “oui”…', '" l\'été " - "oui"...'],
  ['makes every space a plain one', 'à\u202f10\u00a0h', 'à 10 h'],
  ['leaves a foreign script as it is', 'Жанна', 'Жанна'],
])('%s', (_, text, expected) => {
  expect(toGsm7(text)).toBe(expected);
});

it('counts two septets for the extension table', () => {
  expect(septetsOf('a€b[')).toBe(6);
});

it('knows what needs UCS-2', () => {
  expect([isGsm7('Zoë'), isGsm7('Zoe'), isGsm7('Жанна')]).toEqual([false, true, false]);
});
