import { type Place, unpair } from './accessory.ts';
import { identify } from './pair-verify.ts';
import { findPairing, type Pairings } from './pairings.ts';

/**
 * Ends the pairing with the accessory at a place, or forgets the one that was there, where what is there now does not know it.
 * @returns whether the accessory knew it still. Throws where nothing is paired there.
 */
export async function endPairing(place: Place, pairings: Pairings): Promise<boolean> {
  const all = await pairings.list();
  if (all.length === 0) throw new Error('Nothing is paired there.');
  const isThere = ({ address, port }: Place) => address === place.address && port === place.port;
  const pairing = (await findPairing(pairings, await identify(place))) ?? all.find(isThere);
  if (pairing === undefined) throw new Error('Nothing is paired there.');
  const wasKnown = await unpair(place, pairing);
  await pairings.drop(pairing);
  return wasKnown;
}
