import { expect, it } from 'vitest';

import { createVerifiedTokens } from '../../../shared/identity/verified-tokens.ts';

const caller = { subject: 's', roles: [], scopes: [], country: undefined };

it('forgets first what was not asked for longest', () => {
  const tokens = createVerifiedTokens(2);
  tokens.remember('a', caller, 10);
  tokens.remember('b', caller, 10);
  tokens.find('a', 0);
  tokens.remember('c', caller, 10);
  expect(['a', 'b', 'c'].map((token) => tokens.find(token, 0))).toEqual([caller, undefined, caller]);
});

it('forgets what is over', () => {
  const tokens = createVerifiedTokens(2);
  tokens.remember('a', caller, 10);
  expect(tokens.find('a', 9)).toBe(caller);
  expect(tokens.find('a', 10)).toBeUndefined();
});
