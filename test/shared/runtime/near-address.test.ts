import { describe, expect, it } from 'vitest';

import { isNear } from '../../../shared/runtime/near-address.ts';

describe('isNear', () => {
  it.each(['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.1.1', '169.254.1.1'])(
    'takes %s for near, over IPv6 too',
    (address) => {
      expect([isNear(address), isNear(`::ffff:${address}`)]).toEqual([true, true]);
    },
  );

  it.each(['::1', 'fe80::1', 'fc00::1', 'fd12:3456::1'])('takes %s for near', (address) => {
    expect(isNear(address)).toBe(true);
  });

  it.each(['8.8.8.8', '172.32.0.1', '11.0.0.1', '192.169.0.1', '::ffff:8.8.8.8', '::2', '2001:db8::1', 'fec0::1'])(
    'does not take %s for near',
    (address) => {
      expect(isNear(address)).toBe(false);
    },
  );

  it.each(['', 'unknown', '127.0.0', '10.0.0.1:8080', '_hidden', '::zz', '127.0.0.1, 8.8.8.8'])(
    'does not take what is no address for near: %j',
    (text) => {
      expect(isNear(text)).toBe(false);
    },
  );
});
