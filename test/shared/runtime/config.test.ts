import { describe, expect, it } from 'vitest';

import { ConfigError, integer, oneOf, optional, readConfig, text, url } from '../../../shared/runtime/config.ts';

const settings = {
  PORT: integer({ default: 8080, min: 1, max: 65_535 }),
  DATABASE_URL: url({ schemes: ['postgres', 'postgresql'] }),
  ISSUER: text(),
  LEVEL: oneOf(['info', 'debug'], { default: 'info' }),
  NOTE: optional(text()),
};

const complete = { DATABASE_URL: 'postgres://db/careflow', ISSUER: 'https://id.example' };

function faultsOf(environment: Record<string, string>): string {
  try {
    readConfig(environment, settings);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  return '';
}

describe('readConfig', () => {
  it('answers typed values, and defaults for what is not set or empty', () => {
    expect(readConfig({ ...complete, LEVEL: '' }, settings)).toEqual({
      PORT: 8080,
      DATABASE_URL: 'postgres://db/careflow',
      ISSUER: 'https://id.example',
      LEVEL: 'info',
      NOTE: undefined,
    });
  });

  it('tells every fault at once: the variable, what is wrong and how to mend it', () => {
    const faults = faultsOf({ PORT: 'http', DATABASE_URL: 'mysql://canary', LEVEL: 'canary' });
    expect(faults.split('\n')).toEqual([
      'The environment is not complete:',
      '  PORT is not a whole number in range: give 1 to 65535, in digits',
      '  DATABASE_URL is not a URL: give one that starts with postgres:// or postgresql://',
      '  ISSUER is not set: it has no default, so set it',
      '  LEVEL is none of its choices: give info or debug',
    ]);
  });

  it.each(['0', '65536', '-1', '1.5', '1e3', ' 80', '0x50', '99999999999999999999'])(
    'takes no %s for a port',
    (PORT) => {
      expect(faultsOf({ ...complete, PORT })).toContain('PORT');
    },
  );

  it('takes a URL with several hosts', () => {
    const several = { ...complete, DATABASE_URL: 'postgres://one:5432,two:5432/careflow' };
    expect(readConfig(several, settings).DATABASE_URL).toBe('postgres://one:5432,two:5432/careflow');
  });

  it.each(['canary', 'postgres:', 'postgres://', 'postgres:// db', '//db'])('takes no %s for a URL', (DATABASE_URL) => {
    expect(faultsOf({ ...complete, DATABASE_URL })).not.toMatch(/^$|canary/);
  });
});
