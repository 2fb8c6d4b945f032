import { AppError } from '../../../shared/errors.ts';
import { DrizzleQueryError } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';

import { createLog } from '../../../shared/runtime/log.ts';

/** What `log.error({ err })` writes. */
function written(err: unknown): { line: string; err: Record<string, unknown> } {
  let line = '';
  createLog({ name: 'notes' }, { write: (text: string) => void (line = text) }).error({ err }, 'failed');
  return { line, err: JSON.parse(line).err };
}

describe('the log of an error', () => {
  it('has its type, code, message, stack and cause', () => {
    const { err } = written(new AppError('unavailable', 'Down.', {}, { cause: new RangeError('deep') }));
    expect(err).toMatchObject({
      type: 'AppError',
      code: 'unavailable',
      message: 'Down.',
      cause: { type: 'RangeError' },
    });
    expect(err['stack']).toContain('log.test.ts');
  });

  it('has no details, for those may be of a patient', () => {
    expect(written(new AppError('conflict', 'Taken.', { patientId: 'canary' })).line).not.toContain('canary');
  });

  it.each([
    [
      'a query with its parameters',
      new DrizzleQueryError('insert into x values ($1)', ['canary'], new Error('failed')),
    ],
    [
      'the row that broke a constraint',
      Object.assign(new Error('duplicate key'), { severity: 'ERROR', code: '23505', detail: 'Key (email)=(canary)' }),
    ],
    [
      'the value a database could not take',
      Object.assign(new Error('invalid input syntax: "canary"'), { severity: 'ERROR', code: '22P02' }),
    ],
    ['the text that is no JSON', syntaxError()],
    ['something thrown that is no error', 'canary'],
  ])('leaves out %s', (_, thrown) => {
    expect(written(thrown).line).not.toContain('canary');
    expect(written(new Error('outer', { cause: thrown })).line).not.toContain('canary');
  });
});

function syntaxError(): unknown {
  try {
    return JSON.parse('{"canary');
  } catch (error) {
    return error;
  }
}
