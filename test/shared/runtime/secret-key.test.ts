import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { readConfig } from '../../../shared/runtime/config.ts';
import { secretKey } from '../../../shared/runtime/secret-key.ts';

describe('a secret key', () => {
  const read = (SECRET: string) => readConfig({ SECRET }, { SECRET: secretKey() }).SECRET;

  it('is 32 bytes in base64url, padded or not', () => {
    const key = randomBytes(32);
    expect(Buffer.from(read(key.toString('base64url')))).toEqual(key);
    expect(Buffer.from(read(`${key.toString('base64url')}=`))).toEqual(key);
  });

  it.each([
    ['too short', randomBytes(31).toString('base64url')],
    ['too long', randomBytes(33).toString('base64url')],
    ['hexadecimal', randomBytes(32).toString('hex')],
    ['plain base64', `${'+'.repeat(43)}=`],
    ['made of other characters', '*'.repeat(43)],
  ])('is not one that is %s, and is not repeated', (_, text) => {
    const failing = (): unknown => read(text);
    expect(failing).toThrow('SECRET is not a key of 256 bits');
    expect(failing).not.toThrow(text);
  });
});
