import { clashOf } from './bookings.ts';
import type { Database } from './client.ts';
import { insertBookings, type NewBooking } from './insert-bookings.ts';

/**
 * Writes a booking with its event and answer. Resolves to false, with nothing written, where something is in the way or
 * somebody else has the turn: to tell what it is takes a look at the other bookings.
 */
export type InsertAtOnce = (wanted: NewBooking) => Promise<boolean>;

type Waiting = NewBooking & {
  readonly resolve: (isWritten: boolean) => void;
  readonly reject: (error: unknown) => void;
};

/** Each on a connection of its own. While so many commit, the next ones gather. */
const MOST_GROUPS = 4;
const MOST_OF_A_GROUP = 64;

/**
 * Group commit: what is wanted while others are being written is written together, in one statement and one commit, so
 * that under load a booking costs a part of both. Those of one practitioner or patient go one after the other.
 */
export function createGroupInsert(db: Database): InsertAtOnce {
  let waiting: Waiting[] = [];
  const inTurn = new Set<string>();
  let underWay = 0;
  let isGathering = false;

  function takeGroup(): Waiting[] {
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    for (const one of waiting) {
      const parties = partiesOf(one);
      if (group.length === MOST_OF_A_GROUP || parties.some((party) => inTurn.has(party))) {
        left.push(one);
      } else {
        group.push(one);
        for (const party of parties) inTurn.add(party);
      }
    }
    waiting = left;
    return group;
  }

  function writeNext(): void {
    isGathering = false;
    while (underWay < MOST_GROUPS) {
      const group = takeGroup();
      if (group.length === 0) return;
      underWay += 1;
      void write(db, group).finally(() => {
        underWay -= 1;
        for (const party of group.flatMap(partiesOf)) inTurn.delete(party);
        writeNext();
      });
    }
  }

  return (wanted) =>
    new Promise((resolve, reject) => {
      waiting.push({ ...wanted, resolve, reject });
      if (isGathering) return;
      isGathering = true;
      // All that this turn of the event loop brings.
      setImmediate(writeNext);
    });
}

function partiesOf({ booking }: NewBooking): string[] {
  return [booking.practitionerId, booking.patientId];
}

/** Tells each of a group what became of it. Where one breaks a constraint, and so all fail, each is written alone. */
async function write(db: Database, group: readonly Waiting[]): Promise<void> {
  try {
    const written = await insertBookings(db, group);
    for (const { booking, resolve } of group) resolve(written.has(booking.id));
  } catch (error) {
    if (clashOf(error) === undefined) for (const { reject } of group) reject(error);
    else if (group.length > 1) for (const one of group) await write(db, [one]);
    else for (const { resolve } of group) resolve(false);
  }
}
