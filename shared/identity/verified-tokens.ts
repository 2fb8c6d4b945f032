import { hash } from 'node:crypto';

import type { Caller } from '../domain/caller.ts';

type Entry = { readonly caller: Caller; readonly untilMs: number };

/** Tokens verified before, so that a signature is checked once and not with every request. Keeps hashes, not tokens. */
export type VerifiedTokens = {
  find(token: string, nowMs: number): Caller | undefined;
  remember(token: string, caller: Caller, untilMs: number): void;
};

/** Holds at most so many; the one not asked for longest goes first. */
export function createVerifiedTokens(maxEntries: number): VerifiedTokens {
  const entries = new Map<string, Entry>();
  return {
    find(token, nowMs) {
      const key = keyOf(token);
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      if (entry.untilMs <= nowMs) return undefined;
      entries.set(key, entry);
      return entry.caller;
    },
    remember(token, caller, untilMs) {
      entries.set(keyOf(token), { caller, untilMs });
      const [oldest] = entries.keys();
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest);
    },
  };
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64');
}
