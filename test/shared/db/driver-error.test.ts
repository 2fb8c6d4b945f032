import { DrizzleQueryError } from 'drizzle-orm';
import pg from 'pg';
import { describe, expect, it } from 'vitest';

import { brokenConstraint, nameDriverError } from '../../../shared/db/driver-error.ts';
import { AppError } from '../../../shared/errors.ts';

function reported(code: string, details: Partial<pg.DatabaseError> = {}): Error {
  return Object.assign(new pg.DatabaseError('words of PostgreSQL', 0, 'error'), { code, ...details });
}

function wrapped(cause: Error): Error {
  return new DrizzleQueryError('insert into somewhere', [], cause);
}

function codeOf(error: unknown): string | undefined {
  const named = nameDriverError(error);
  return named instanceof AppError ? named.code : undefined;
}

describe('naming what the database reports', () => {
  it.each([
    ['a connection that failed', '08006'],
    ['credentials that are being changed', '28P01'],
    ['a role that may not log in for now', '28000'],
    ['too many connections', '53300'],
    ['a shutdown', '57P01'],
    ['a start', '57P03'],
    ['a deadlock', '40P01'],
    ['a statement that took too long', '57014'],
    ['a server that is no longer the first', '25006'],
  ])('calls %s unavailable', (_, code) => {
    expect([codeOf(reported(code)), codeOf(wrapped(reported(code)))]).toEqual(['unavailable', 'unavailable']);
  });

  it.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'Client has encountered a connection error and is not queryable',
  ])("calls the driver's own '%s' unavailable", (message) => {
    expect(codeOf(wrapped(new Error(message)))).toBe('unavailable');
  });

  it('calls an address nobody listens on unavailable', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(codeOf(new AggregateError([refused], 'all of them', { cause: refused }))).toBe('unavailable');
  });

  it('calls a lock that is not given in time work in progress', () => {
    expect(codeOf(wrapped(reported('55P03')))).toBe('in-progress');
  });

  it('keeps the report for the log, and says nothing of it to the caller', () => {
    const cause = reported('57P01');
    expect(nameDriverError(wrapped(cause))).toMatchObject({
      message: 'the database does not answer',
      cause,
      details: {},
    });
  });

  it('hands on what no later attempt cures', () => {
    for (const error of [reported('22P02'), wrapped(reported('42501')), new TypeError('ours'), 'not even an error']) {
      expect(nameDriverError(error)).toBe(error);
    }
  });

  it('does not take the words of a caller, repeated with the query, for those of the driver', () => {
    const error = new DrizzleQueryError('update bookings', ['Connection terminated unexpectedly'], reported('23505'));
    expect(nameDriverError(error)).toBe(error);
  });

  it('does not name twice', () => {
    const named = nameDriverError(reported('57P01'));
    expect(nameDriverError(named)).toBe(named);
  });
});

describe('the constraint that a write broke', () => {
  it.each(['23505', '23P01'])('is found however deep the report with code %s lies', (code) => {
    expect(brokenConstraint(wrapped(reported(code, { constraint: 'one_only' })))).toBe('one_only');
  });

  it('is none for other faults', () => {
    expect(brokenConstraint(wrapped(reported('23514', { constraint: 'a_check' })))).toBeUndefined();
    expect(brokenConstraint(reported('23505'))).toBeUndefined();
    expect(brokenConstraint(undefined)).toBeUndefined();
  });
});
