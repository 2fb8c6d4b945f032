import { Availability } from '../../schemas/api/availability.ts';
import type { Dice } from '../../infra/seed/dice.ts';
import type { Client } from './client.ts';
import type { Practice } from './directory.ts';

/** A slot that was shown as free. */
export type Offer = {
  readonly country: string;
  readonly practitionerId: string;
  readonly visitTypeId: string;
  readonly slotStart: string;
};

/** Free slots as the platform shows them, each given out once. Throws where it does not answer. */
export type Offers = {
  /** Of any practitioner. Undefined where no free slot is found. */
  next(): Promise<Offer | undefined>;
  /** Of one practitioner for one visit type. */
  nextLike(wanted: Omit<Offer, 'slotStart'>): Promise<Offer | undefined>;
};

/** So far away that no reminder of such a visit comes due meanwhile. */
export const FIRST_DAY_AHEAD = 9;
/** Taken from one reading, so that readings are a share of the load. */
const KEPT_OF_A_READING = 20;
const MOST_READINGS = 50;

export function createOffers(client: Client, practices: readonly Practice[], dice: Dice): Offers {
  const stock = new Map<string, Offer[]>();
  const given = new Set<string>();

  async function take(wanted: Omit<Offer, 'slotStart'>): Promise<Offer | undefined> {
    const { country, practitionerId, visitTypeId } = wanted;
    const left = stock.get(visitTypeId) ?? [];
    stock.set(visitTypeId, left);
    if (left.length === 0) {
      const starts = await readStarts(client, wanted, FIRST_DAY_AHEAD + dice.below(50), 1 + dice.below(21));
      const fresh = starts.filter((slotStart) => !given.has(`${practitionerId} ${slotStart}`));
      const kept = shuffled(fresh, dice).slice(0, KEPT_OF_A_READING);
      left.push(...kept.map((slotStart) => ({ country, practitionerId, visitTypeId, slotStart })));
    }
    const offer = left.pop();
    if (offer === undefined) return undefined;
    const name = `${practitionerId} ${offer.slotStart}`;
    if (given.has(name)) return take(wanted);
    given.add(name);
    return offer;
  }

  return {
    async next() {
      for (let reading = 0; reading < MOST_READINGS; reading += 1) {
        const { country, practitionerId, visitTypeIds } = pick(practices, dice);
        const offer = await take({ country, practitionerId, visitTypeId: pick(visitTypeIds, dice) });
        if (offer) return offer;
      }
      return undefined;
    },
    nextLike: take,
  };
}

async function readStarts(
  client: Client,
  { country, practitionerId, visitTypeId }: Omit<Offer, 'slotStart'>,
  daysAhead: number,
  days: number,
): Promise<string[]> {
  const from = Temporal.Now.plainDateISO('UTC').add({ days: daysAhead }).toString();
  const path = `/${country}/practitioners/${practitionerId}/availability?from=${from}&days=${days}&visitTypeId=${visitTypeId}`;
  const answer = await client.send({ operation: 'read availability', path });
  if (answer?.status !== 200) throw new Error(`${path} was answered ${answer?.status ?? 'by nobody'}`);
  return startsOf(answer.body);
}

/** The starts that an answer shows, in order. Throws where it is not an availability. */
export function startsOf(body: unknown): string[] {
  return Availability.parse(body).days.flatMap(({ slots }) => slots.map(({ start }) => start));
}

export function pick<Item>(items: readonly Item[], dice: Dice): Item {
  const item = items[dice.below(items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

/** Fisher and Yates. */
export function shuffled<Item>(items: readonly Item[], dice: Dice): Item[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const place = dice.below(last + 1);
    const [one, other] = [mixed[last], mixed[place]];
    if (one !== undefined && other !== undefined) [mixed[last], mixed[place]] = [other, one];
  }
  return mixed;
}
