import { within } from './deadline.ts';
import { HttpClient } from './hap-controller.ts';

/** Where an accessory listens on the local network. */
export type Place = { readonly address: string; readonly port: number };

/** The keys of a pairing, in hexadecimal; the controller's secret key among them, which stays in this home. */
export type Pairing = {
  readonly AccessoryPairingID: string;
  readonly AccessoryLTPK: string;
  readonly iOSDevicePairingID: string;
  readonly iOSDeviceLTSK: string;
  readonly iOSDeviceLTPK: string;
};

/** What an accessory says of itself. */
export type AccessoryInformation = { readonly model: string; readonly serialNumber: string };

const DEADLINE_MS = 20_000;

/** Of the accessory information service (HomeKit Accessory Protocol, R2, 8.1). */
const ACCESSORY_INFORMATION = '0000003E-0000-1000-8000-0026BB765291';
const MODEL = '00000021-0000-1000-8000-0026BB765291';
const SERIAL_NUMBER = '00000030-0000-1000-8000-0026BB765291';

/** Pair-setup: SRP with the setup code `XXX-XX-XXX`, then an exchange of long-term keys. */
export async function pair({ address, port }: Place, setupCode: string): Promise<Pairing> {
  const client = new HttpClient('', address, port);
  await within(DEADLINE_MS, 'Pairing', client.pairSetup(setupCode)).catch((error: unknown) => {
    throw new Error(reasonOf(error), { cause: error });
  });
  const pairing = client.getLongTermData();
  if (pairing === null) throw new Error('The accessory gave no long-term key.');
  return pairing;
}

/** Asks a paired accessory for its model and serial number; undefined where it does not know the pairing. */
export async function readInformation(
  { address, port }: Place,
  pairing: Pairing,
): Promise<AccessoryInformation | undefined> {
  const client = new HttpClient(pairingId(pairing), address, port, pairing);
  try {
    const { accessories } = await within(DEADLINE_MS, 'Reading the accessory', client.getAccessories());
    const services = accessories.flatMap((accessory) => accessory.services);
    const information = services.find(({ type }) => type === ACCESSORY_INFORMATION);
    const valueOf = (wanted: string): string => {
      const value = information?.characteristics.find(({ type }) => type === wanted)?.value;
      if (typeof value !== 'string' || value === '') throw new Error('The accessory tells no model or serial number.');
      return value;
    };
    return { model: valueOf(MODEL), serialNumber: valueOf(SERIAL_NUMBER) };
  } catch (error) {
    if (isUnknownPairing(error)) return undefined;
    throw error;
  } finally {
    await client.close();
  }
}

/** Ends a pairing: the accessory forgets its controller. @returns whether it knew it still. */
export async function unpair({ address, port }: Place, pairing: Pairing): Promise<boolean> {
  const client = new HttpClient(pairingId(pairing), address, port, pairing);
  try {
    await within(DEADLINE_MS, 'Ending the pairing', client.removePairing(pairing.iOSDevicePairingID));
    return true;
  } catch (error) {
    if (isUnknownPairing(error)) return false;
    throw error;
  } finally {
    await client.close();
  }
}

/** `AA:BB:...`, as an accessory signs with it. */
export function pairingId({ AccessoryPairingID }: Pairing): string {
  return Buffer.from(AccessoryPairingID, 'hex').toString();
}

/** What the library says where either side does not know the other in pair-verify, as after a factory reset. */
function isUnknownPairing(error: unknown): boolean {
  const reasons = ['M2: Wrong accessory pairing ID', 'M2: Signature verification failed', 'M4: Error: 2'];
  return error instanceof Error && reasons.includes(error.message);
}

/** What an accessory's error codes mean to whoever pairs it (HomeKit Accessory Protocol, R2, table 5-5). */
const REFUSALS: Readonly<Record<number, string>> = {
  2: 'The accessory does not take this setup code.',
  3: 'The accessory wants some time before the next attempt.',
  4: 'The accessory takes no more pairings.',
  5: 'The accessory has refused too many setup codes and has to be reset.',
  6: 'The accessory is paired already. Reset it, or end its pairing first.',
  7: 'The accessory is busy with another controller.',
};

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
  const told = typeof code === 'number' ? REFUSALS[code] : undefined;
  return told ?? (error instanceof Error ? error.message : String(error));
}
