import { setTimeout as delay } from 'node:timers/promises';

export type Wait = {
  /** Completes "waited 10 s for ...". */
  what: string;
  timeoutMs?: number;
};

const POLL_MS = 20;

/** Resolves to the condition's first truthy value; rejects, naming what was awaited, when none comes in time. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 15_000 }: Wait,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1_000} s for ${what}`);
    await delay(POLL_MS);
  }
}
