import { describe, expect, it } from 'vitest';

import { AppError } from '../../../shared/errors.ts';
import { nameDriverError } from '../../../shared/redis/driver-error.ts';

describe('nameDriverError', () => {
  it.each([
    'Connection is closed.',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Command timed out',
    'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    'BUSY Redis is busy running a script.',
  ])('calls unavailable what says "%s"', (message) => {
    const cause = new Error(message);
    expect(nameDriverError(cause)).toMatchObject({ code: 'unavailable', cause });
  });

  it('calls unavailable what the network refuses', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' });
    expect(nameDriverError(cause)).toMatchObject({ code: 'unavailable', cause });
  });

  it.each([
    new Error('WRONGTYPE Operation against a key holding the wrong kind of value'),
    new Error("ERR unknown command 'GETT'"),
    new TypeError('x is not a function'),
    new AppError('conflict', 'taken'),
  ])('leaves as it is: %s', (error) => {
    expect(nameDriverError(error)).toBe(error);
  });
});
