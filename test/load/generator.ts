import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { Dice } from '../../infra/seed/dice.ts';
import { Booking } from '../../schemas/api/booking.ts';
import type { Answer, Client, Request } from './client.ts';
import type { Directory } from './directory.ts';
import { type AnsweredBooking, createLedger, type Ledger } from './ledger.ts';
import { type Offer, type Offers, pick } from './offers.ts';

export type LoadOptions = {
  readonly client: Client;
  readonly offers: Offers;
  readonly directory: Directory;
  readonly dice: Dice;
  /** Ends after so many bookings, or when `signal` aborts; what is under way then is finished. */
  readonly bookings: number;
  readonly signal?: AbortSignal;
  readonly concurrency: number;
  /** Bookings begun in a second at most. */
  readonly perSecond?: number;
  readonly onProgress?: (booked: number) => void;
};

/** How many of all bookings are cancelled, and how many moved. */
const SHARE = 0.1;
/** Slots that may be refused one after the other, as when another visit came to overlap them. */
const MOST_REFUSALS = 20;

/** Books, and cancels and moves a share of what was booked. Resolves to all that was answered. */
export async function generateLoad(options: LoadOptions): Promise<Ledger> {
  const { bookings, signal, concurrency, perSecond = Infinity, onProgress } = options;
  const run: Run = { ...options, ledger: createLedger(), idle: createIdle(options.dice) };
  const startedAt = performance.now();
  let begun = 0;
  let booked = 0;
  const work = async (): Promise<void> => {
    while (begun < bookings && signal?.aborted !== true) {
      const dueInMs = startedAt + (begun * 1_000) / perSecond - performance.now();
      begun += 1;
      if (dueInMs > 0) await delay(dueInMs);
      await bookOne(run);
      onProgress?.((booked += 1));
      await changeSome(run);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return run.ledger;
}

type Run = LoadOptions & { readonly ledger: Ledger; readonly idle: Idle };

async function bookOne({ client, offers, directory, dice, ledger, idle }: Run): Promise<void> {
  for (let refusals = 0; refusals < MOST_REFUSALS; refusals += 1) {
    const offer = await offers.next();
    if (offer === undefined) return ledger.giveUp('no free slot was shown');
    const { country, ...slot } = offer;
    const patientId = pick(directory.patientsOf.get(country) ?? [], dice);
    const body = { ...slot, patientId, sameSpecialty: 'keep' };
    const answer = await post(client, { operation: 'book', path: `/${country}/bookings`, body });
    if (answer === undefined) return ledger.giveUp(`book ${JSON.stringify(body)}`);
    if (answer.status === 409) continue;
    const booking = bookingOf(answer, 201, country);
    ledger.keep(booking);
    idle.add(booking.id);
    return;
  }
  ledger.giveUp(`${MOST_REFUSALS} slots were shown as free and refused`);
}

/** Bookings that nobody is changing. */
type Idle = { add(id: string): void; takeAny(): string | undefined };

function createIdle(dice: Dice): Idle {
  const ids: string[] = [];
  return {
    add: (id) => ids.push(id),
    takeAny() {
      const place = dice.below(ids.length);
      const taken = ids[place];
      const last = ids.pop();
      if (last !== undefined && place < ids.length) ids[place] = last;
      return taken;
    },
  };
}

async function changeSome(run: Run): Promise<void> {
  const { ledger, idle, dice } = run;
  const changes = [cancel, move].filter(() => dice.chance(SHARE));
  for (const change of changes) {
    const booking = ledger.bookings.get(idle.takeAny() ?? '');
    if (booking === undefined) return;
    const changed = await change(run, booking);
    if (changed === undefined) return ledger.giveUp(`${change.name} ${booking.id}`);
    ledger.keep(changed);
    if (changed.status === 'confirmed') idle.add(changed.id);
  }
}

async function cancel({ client }: Run, { country, id }: AnsweredBooking): Promise<AnsweredBooking | undefined> {
  const path = `/${country}/bookings/${id}/cancel`;
  const answer = await post(client, { operation: 'cancel', path, body: { reason: 'load' } });
  return answer && bookingOf(answer, 200, country);
}

/** A booking that finds no other slot stays as it is. */
async function move({ client, offers }: Run, booking: AnsweredBooking): Promise<AnsweredBooking | undefined> {
  const path = `/${booking.country}/bookings/${booking.id}/reschedule`;
  for (let refusals = 0; refusals < MOST_REFUSALS; refusals += 1) {
    const offer: Offer | undefined = await offers.nextLike(booking);
    if (offer === undefined) return booking;
    const body = { slotStart: offer.slotStart, sameSpecialty: 'keep' };
    const answer = await post(client, { operation: 'reschedule', path, body });
    if (answer === undefined) return undefined;
    if (answer.status !== 409) return bookingOf(answer, 200, booking.country);
  }
  return booking;
}

function post(client: Client, request: Omit<Request, 'key'>): Promise<Answer | undefined> {
  return client.send({ ...request, key: randomUUID() });
}

function bookingOf({ status, body }: Answer, expected: number, country: string): AnsweredBooking {
  if (status !== expected) throw new Error(`${status} instead of ${expected}: ${JSON.stringify(body)}`);
  return { ...Booking.parse(body), country };
}
