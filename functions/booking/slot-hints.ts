import { indexOf, slotsNeeded } from '../../shared/domain/slots.ts';
import type { Reason } from '../../shared/domain/booking.ts';
import { AppError } from '../../shared/errors.ts';
import type { AvailabilityBitmap } from '../../shared/redis/availability-bitmap.ts';
import type { RefusedSlot, Refusals } from '../../shared/redis/refusals.ts';
import type { Practice } from './lookups.ts';

/** What Redis says of a slot. `busy` is worth a look into the database before a write is tried; never an answer. */
export type Hint = { readonly state: 'free' | 'busy' | 'unknown'; readonly generation: string | undefined };

export type SlotHints = {
  /** Throws the `conflict` that the slot was refused with a moment ago, if nothing was freed since. */
  look(slot: RefusedSlot, practice: Practice): Promise<Hint>;
  /** Runs what decides about the slot; where it is refused because it is taken, later ones need not ask. */
  remember<Result>(slot: RefusedSlot, hint: Hint, decide: () => Promise<Result>): Promise<Result>;
  /** To be called before a transaction that frees time of the practitioner commits, and after. */
  freed(practitionerId: string): Promise<void>;
};

/** Reasons that hold for whoever asks for the slot. */
const OF_THE_SLOT = new Set(['slot-taken', 'daily-cap', 'off-grid', 'outside-working-hours']);

export function createSlotHints(bitmapOf: (country: string) => AvailabilityBitmap, refusals: Refusals): SlotHints {
  async function stateOf({ slotStart }: RefusedSlot, practice: Practice): Promise<Hint['state']> {
    const { grid, schedule, ordinal, visitType, country } = practice;
    const place = indexOf(grid, schedule.timeZone, slotStart);
    if (place === undefined) return 'unknown';
    const count = slotsNeeded(grid, visitType.durationMinutes);
    return bitmapOf(country).preCheck(ordinal, place.date, place.index, count);
  }
  return {
    async look(slot, practice) {
      const [state, known] = await Promise.all([stateOf(slot, practice), refusals.find(slot)]);
      if (known?.details) throw new AppError('conflict', 'The slot is taken.', known.details);
      return { state, generation: known?.generation };
    },
    async remember(slot, { generation }, decide) {
      try {
        return await decide();
      } catch (error) {
        const details = generation === undefined ? undefined : lastingRefusal(error);
        if (details && generation !== undefined) await refusals.save(slot, generation, details);
        throw error;
      }
    },
    freed: (practitionerId) => refusals.forget(practitionerId),
  };
}

function lastingRefusal(error: unknown): { reasons: Reason[]; nextFreeSlots: unknown } | undefined {
  if (!(error instanceof AppError) || error.code !== 'conflict') return undefined;
  const { reasons: all, nextFreeSlots } = error.details;
  const reasons = Array.isArray(all) ? all.filter(({ code }: Reason) => OF_THE_SLOT.has(code)) : [];
  return reasons.some(({ code }: Reason) => code === 'slot-taken') ? { reasons, nextFreeSlots } : undefined;
}
