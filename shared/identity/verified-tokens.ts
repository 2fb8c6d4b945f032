import { hash } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { Caller } from '../domain/caller.ts';

type Entry = { readonly caller: Caller; readonly untilMs: number };

/** Tokens verified before, so that a signature is checked once and not with every request. Keeps hashes, not tokens. */
export type VerifiedTokens = {
  find(token: string, nowMs: number): Caller | undefined;
  remember(token: string, caller: Caller, untilMs: number): void;
};

/** Holds at most so many; the one not asked for longest goes first. */
export function createVerifiedTokens(maxEntries: number): VerifiedTokens {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  return {
    find(token, nowMs) {
      const entry = entries.get(keyOf(token));
      return entry !== undefined && entry.untilMs > nowMs ? entry.caller : undefined;
    },
    remember(token, caller, untilMs) {
      entries.set(keyOf(token), { caller, untilMs });
    },
  };
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64');
}
