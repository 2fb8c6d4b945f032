import type { Redis } from 'ioredis';

import { AppError, type PublicDetails } from '../errors.ts';

export type RefusedSlot = { practitionerId: string; visitTypeId: string; slotStart: Temporal.Instant };

/** What Redis knows of a slot: why it was just refused, and the generation that a new refusal has to belong to. */
export type KnownRefusal = { generation: string; details: PublicDetails | undefined };

/**
 * Slots that the database has just refused, so that a crowd at one slot is answered without the database.
 *
 * A refusal is believed only while nothing of the practitioner was freed since before it was decided: whoever frees
 * time raises the generation, before the transaction commits and again after, and a refusal of another generation is
 * none. Where Redis could not be told, the refusal ends by its lifetime. Without Redis nothing is known.
 */
export type Refusals = {
  find(slot: RefusedSlot): Promise<KnownRefusal | undefined>;
  save(slot: RefusedSlot, generation: string, details: PublicDetails): Promise<void>;
  /** Time of the practitioner is becoming, or has become, free. */
  forget(practitionerId: string): Promise<void>;
};

const LIFETIME_MS = 2_000;
/** Longer than any refusal of the former generation lives. */
const GENERATION_SECONDS = 60;

type Saved = { generation: string; details: PublicDetails };

export function createRefusals(redis: Redis): Refusals {
  return {
    find: (slot) =>
      orUndefined(async () => {
        const [current, saved] = await redis.mget(generationKey(slot.practitionerId), slotKey(slot));
        const generation = current ?? '0';
        return { generation, details: detailsOf(saved ?? null, generation) };
      }),
    async save(slot, generation, details) {
      const saved: Saved = { generation, details };
      await orUndefined(() => redis.set(slotKey(slot), JSON.stringify(saved), 'PX', LIFETIME_MS));
    },
    async forget(practitionerId) {
      const key = generationKey(practitionerId);
      await orUndefined(() => redis.multi().incr(key).expire(key, GENERATION_SECONDS).exec());
    },
  };
}

function detailsOf(text: string | null, generation: string): PublicDetails | undefined {
  if (text === null) return undefined;
  const saved: Saved = JSON.parse(text);
  return saved.generation === generation ? saved.details : undefined;
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

function generationKey(practitionerId: string): string {
  return `refusals:{${practitionerId}}:generation`;
}

function slotKey({ practitionerId, visitTypeId, slotStart }: RefusedSlot): string {
  return `refusals:{${practitionerId}}:${visitTypeId}:${slotStart.epochMilliseconds}`;
}
