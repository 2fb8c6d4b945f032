import { randomUUID } from 'node:crypto';

import type { Redis } from 'ioredis';

import { AppError, type PublicDetails } from '../errors.ts';

export type RefusedSlot = { practitionerId: string; visitTypeId: string; slotStart: Temporal.Instant };

/** Why a slot was refused, in the generation in which that was decided. It holds for two seconds, or `until` before that. */
export type Refusal = { generation: string; details: PublicDetails; until?: Temporal.Instant };

/**
 * Slots that the database has just refused, so that a crowd at one slot is answered without the database.
 *
 * A refusal is believed only while nothing of the practitioner was freed since before it was decided: whoever frees
 * time begins a new generation, before the transaction commits and again after, and a refusal of another generation is
 * none. From the first of these on none is believed or kept for longer than one lives, so that nobody who dies before
 * the second leaves a wrong one behind. Without Redis, or after it has forgotten, nothing is known.
 */
export type Refusals = {
  /** What the slot was refused with. */
  find(slot: RefusedSlot): Promise<PublicDetails | undefined>;
  /** The generation for a refusal that is decided from now on; undefined where none can be kept. */
  begin(practitionerId: string): Promise<string | undefined>;
  save(slot: RefusedSlot, refusal: Refusal): Promise<void>;
  /** Time of the practitioner is becoming, or has become, free. */
  forget(practitionerId: string): Promise<void>;
};

const LIFETIME_MS = 2_000;
/** Longer than a refusal lives and a commit takes. */
const FREEING_MS = 3_000;
const GENERATION_MS = 60_000;

type Saved = { generation: string; details: PublicDetails };

export function createRefusals(redis: Redis): Refusals {
  return {
    find: (slot) =>
      orUndefined(async () => {
        const { generation, freeing } = keysOf(slot.practitionerId);
        const [current, isFreeing, saved] = await redis.mget(generation, freeing, slotKey(slot));
        return current && saved && !isFreeing ? detailsOf(saved, current) : undefined;
      }),
    begin: (practitionerId) =>
      orUndefined(async () => {
        const { generation, freeing } = keysOf(practitionerId);
        const [, [current, isFreeing]] = await Promise.all([
          redis.set(generation, randomUUID(), 'PX', GENERATION_MS, 'NX'),
          redis.mget(generation, freeing),
        ]);
        return isFreeing ? undefined : (current ?? undefined);
      }),
    async save(slot, { until, ...saved }) {
      const leftMs = until ? until.epochMilliseconds - Date.now() : LIFETIME_MS;
      if (leftMs <= 0) return;
      const lifetimeMs = Math.min(leftMs, LIFETIME_MS);
      await orUndefined(() => redis.set(slotKey(slot), JSON.stringify(saved satisfies Saved), 'PX', lifetimeMs));
    },
    async forget(practitionerId) {
      const { generation, freeing } = keysOf(practitionerId);
      await orUndefined(() =>
        Promise.all([
          redis.set(freeing, '1', 'PX', FREEING_MS),
          redis.set(generation, randomUUID(), 'PX', GENERATION_MS),
        ]),
      );
    },
  };
}

function detailsOf(text: string, current: string): PublicDetails | undefined {
  const { generation, details }: Saved = JSON.parse(text);
  return generation === current ? details : undefined;
}

/** Redis is a hint: without it there is none. */
async function orUndefined<Result>(ask: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AppError && error.code === 'unavailable') return undefined;
    throw error;
  }
}

/** The braces keep what belongs to a practitioner on one node of a cluster. */
function keysOf(practitionerId: string): { generation: string; freeing: string } {
  const prefix = `refusals:{${practitionerId}}`;
  return { generation: `${prefix}:generation`, freeing: `${prefix}:freeing` };
}

function slotKey({ practitionerId, visitTypeId, slotStart }: RefusedSlot): string {
  return `refusals:{${practitionerId}}:${visitTypeId}:${slotStart.epochMilliseconds}`;
}
