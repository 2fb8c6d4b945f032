import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { PathCountry, wholeNumber } from '../../../schemas/fields.ts';
import { checkInputOf } from '../../../shared/runtime/input.ts';

const check = checkInputOf({
  id: 'listNotes',
  method: 'GET',
  path: '/{country}/notes',
  summary: 'Lists notes',
  scope: 'notes',
  roles: ['patient'],
  params: z.strictObject({ country: PathCountry }),
  query: z.strictObject({ limit: wholeNumber({ min: 1, max: 100, absent: 20 }) }),
  status: 200,
  refusals: [404],
});

describe('the country of a path', () => {
  it.each(['fr', 'de'])('is served: %s', (country) => {
    expect(check({ params: { country }, query: {}, body: undefined })).toEqual({ country, limit: 20 });
  });

  it.each([{}, { limit: 'x' }])('is not served, whatever else is asked: %j', (query) => {
    expect(() => check({ params: { country: 'xx' }, query, body: undefined })).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
  });

  it.each(['FR', 'fra', 'f', ' fr', '', 'constructor'])('is no country: %j', (country) => {
    expect(() => check({ params: { country }, query: { limit: '0x10' }, body: undefined })).toThrow(
      expect.objectContaining({
        code: 'invalid-input',
        details: {
          errors: [expect.objectContaining({ path: '/country' }), expect.objectContaining({ path: '/limit' })],
        },
      }),
    );
  });
});
