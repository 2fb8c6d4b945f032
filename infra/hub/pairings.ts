import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { Pairing, Place } from './accessory.ts';

const Kept = z.object({
  AccessoryPairingID: z.string(),
  AccessoryLTPK: z.string(),
  iOSDevicePairingID: z.string(),
  iOSDeviceLTSK: z.string(),
  iOSDeviceLTPK: z.string(),
});

/** The pairings of this home: files that only their owner reads, since each holds the controller's secret key. */
export type Pairings = {
  find(place: Place): Promise<Pairing | undefined>;
  keep(place: Place, pairing: Pairing): Promise<void>;
  drop(place: Place): Promise<void>;
};

export function openPairings(folder: string): Pairings {
  const fileOf = ({ address, port }: Place) => join(folder, `${encodeURIComponent(address)}-${port}.json`);
  return {
    async find(place) {
      const text = await readFile(fileOf(place), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : Kept.parse(JSON.parse(text));
    },
    async keep(place, pairing) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(fileOf(place), JSON.stringify(Kept.parse(pairing), null, 2), { mode: 0o600 });
    },
    drop: (place) => rm(fileOf(place), { force: true }),
  };
}
