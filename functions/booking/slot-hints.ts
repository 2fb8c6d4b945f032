import type { Reason } from '../../shared/domain/booking.ts';
import { indexOf, slotsNeeded } from '../../shared/domain/slots.ts';
import { AppError, type PublicDetails } from '../../shared/errors.ts';
import type { AvailabilityBitmap } from '../../shared/redis/availability-bitmap.ts';
import type { RefusedSlot, Refusals } from '../../shared/redis/refusals.ts';
import type { Practice } from './lookups.ts';

/** What the bitmap says of a slot. `busy` is worth a look into the database before a write is tried; never an answer. */
export type SlotState = 'free' | 'busy' | 'unknown';

export type SlotHints = {
  /** Throws the `conflict` that the slot was refused with a moment ago, if it cannot have become free since. */
  look(slot: RefusedSlot, practice: Practice): Promise<SlotState>;
  /** Runs what decides about the slot; where it is refused because it is taken, later ones need not ask. */
  remember<Result>(slot: RefusedSlot, decide: () => Promise<Result>): Promise<Result>;
  /** To be called before a transaction that frees time of the practitioners commits, and after. */
  freed(practitionerIds: readonly string[]): Promise<void>;
};

/** Reasons that hold for whoever asks for the slot. */
const OF_THE_SLOT: ReadonlySet<string> = new Set<Reason['code']>([
  'slot-taken',
  'daily-cap',
  'off-grid',
  'outside-working-hours',
]);

export function createSlotHints(bitmapOf: (country: string) => AvailabilityBitmap, refusals: Refusals): SlotHints {
  async function stateOf({ slotStart }: RefusedSlot, practice: Practice): Promise<SlotState> {
    const { grid, schedule, ordinal, visitType, country } = practice;
    const place = indexOf(grid, schedule.timeZone, slotStart);
    if (place === undefined) return 'unknown';
    const count = slotsNeeded(grid, visitType.durationMinutes);
    return bitmapOf(country).preCheck(ordinal, place.date, place.index, count);
  }
  return {
    async look(slot, practice) {
      const [state, refusal] = await Promise.all([stateOf(slot, practice), refusals.find(slot)]);
      if (refusal) throw new AppError('conflict', 'The slot is taken.', refusal);
      return state;
    },
    async remember(slot, decide) {
      const generation = await refusals.begin(slot.practitionerId);
      try {
        return await decide();
      } catch (error) {
        const lasting = lastingRefusal(error);
        if (lasting && generation !== undefined) await refusals.save(slot, { generation, ...lasting });
        throw error;
      }
    },
    async freed(practitionerIds) {
      await Promise.all(practitionerIds.map((id) => refusals.forget(id)));
    },
  };
}

/** What of a refusal holds for others too, and until when; undefined where the slot is not taken. */
function lastingRefusal(error: unknown): { details: PublicDetails; until?: Temporal.Instant } | undefined {
  if (!(error instanceof AppError) || error.code !== 'conflict') return undefined;
  const reasons = reasonsOf(error).filter(({ code }) => OF_THE_SLOT.has(code));
  const taken = reasons.find((reason) => reason.code === 'slot-taken');
  if (taken === undefined) return undefined;
  const details = { reasons, nextFreeSlots: error.details['nextFreeSlots'] };
  return { details, ...(taken.heldUntil && { until: Temporal.Instant.from(taken.heldUntil) }) };
}

function reasonsOf({ details: { reasons } }: AppError): Reason[] {
  return Array.isArray(reasons) ? reasons : [];
}
