import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { type Pairing, pairingId, type Place } from './accessory.ts';

const Kept = z.object({
  AccessoryPairingID: z.string(),
  AccessoryLTPK: z.string(),
  iOSDevicePairingID: z.string(),
  iOSDeviceLTSK: z.string(),
  iOSDeviceLTPK: z.string(),
  /** Where the accessory listened last. */
  address: z.string(),
  port: z.int(),
});

export type KeptPairing = Pairing & Place;

/**
 * The pairings of this home by accessory, wherever in it that listens: files that only their owner reads, since each holds the
 * controller's secret key.
 */
export type Pairings = {
  list(): Promise<KeptPairing[]>;
  keep(place: Place, pairing: Pairing): Promise<void>;
  drop(pairing: Pairing): Promise<void>;
};

export function openPairings(folder: string): Pairings {
  const fileOf = (pairing: Pairing) => join(folder, `${encodeURIComponent(pairingId(pairing))}.json`);
  return {
    async list() {
      const names = await readdir(folder).catch(() => []);
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
      return texts.map((text) => Kept.parse(JSON.parse(text)));
    },
    async keep({ address, port }, pairing) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const kept = JSON.stringify(Kept.parse({ ...pairing, address, port }), null, 2);
      await writeFile(fileOf(pairing), kept, { mode: 0o600 });
    },
    drop: (pairing) => rm(fileOf(pairing), { force: true }),
  };
}

/** The pairing of the accessory that says it is `id`. */
export async function findPairing(pairings: Pairings, id: string | undefined): Promise<KeptPairing | undefined> {
  return (await pairings.list()).find((kept) => pairingId(kept) === id);
}
