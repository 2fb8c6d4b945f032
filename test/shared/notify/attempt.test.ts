import { expect, it } from 'vitest';

import { AppError } from '../../../shared/errors.ts';
import { attempt } from '../../../shared/notify/attempt.ts';

it('hands on the id of what was sent', async () => {
  expect(await attempt(async () => ({ providerMessageId: 'm-1' }))).toEqual({
    status: 'sent',
    providerMessageId: 'm-1',
  });
});

it.each([
  ['a dependency that is down', new AppError('unavailable', ''), 'failed', 'unavailable'],
  ['a throttle', new AppError('rate-limited', ''), 'failed', 'rate-limited'],
  ['a refusal', new AppError('unprocessable', '', { reason: 'opted-out' }), 'refused', 'opted-out'],
  ['a refusal without a reason', new AppError('invalid-input', ''), 'refused', 'invalid-input'],
  ['a bug', new TypeError('oops'), 'failed', 'unexpected'],
])('names %s', async (_, error, status, errorCode) => {
  expect(await attempt(async () => Promise.reject(error))).toEqual({ status, errorCode, error });
});
