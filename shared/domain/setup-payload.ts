import { isEightDigits, isSetupCode } from './setup-code.ts';

/** How an accessory can be reached, and whether it has been paired; one bit each. */
export type Reach = {
  /** Paired already, or to be paired by NFC. */
  readonly paired: boolean;
  readonly ip: boolean;
  readonly ble: boolean;
  /** Wireless Accessory Configuration. */
  readonly wac: boolean;
};

/** What an accessory's label says, as a QR code or an NFC tag (HomeKit Accessory Protocol, R2, chapter 4). */
export type SetupPayload = Reach & {
  readonly setupCode: number;
  /** Of Apple's list, 1 to 36. */
  readonly category: number;
  readonly version: number;
  /** Four characters that tell the accessories of a home apart. */
  readonly setupId: string;
};

/** Why a payload cannot be used. */
export type SetupPayloadFault = 'malformed' | 'guessable-code' | 'unknown-category' | 'reserved-bits';

export type ReadPayload = { readonly payload: SetupPayload } | { readonly fault: SetupPayloadFault };

const URI = /^X-HM:\/\/([0-9A-Z]{9})([0-9A-Z]{4})$/;

/** From the lowest bit: how many each part takes. A number has 53 bits to itself, so plain arithmetic does. */
const CODE = 2 ** 27;
const REACH = 2 ** 4;
const CATEGORY = 2 ** 8;
const RESERVED = 2 ** 4;
const VERSION = 2 ** 3;

const HIGHEST_CATEGORY = 36;

/** Reads `X-HM://...`, or says what is wrong with it. */
export function readSetupPayload(uri: string): ReadPayload {
  const [, digits, setupId] = URI.exec(uri) ?? [];
  if (digits === undefined || setupId === undefined) return { fault: 'malformed' };
  const [setupCode, reach, category, reserved, version, rest] = split(Number.parseInt(digits, 36));
  if (rest > 0 || !isEightDigits(setupCode)) return { fault: 'malformed' };
  if (!isSetupCode(setupCode)) return { fault: 'guessable-code' };
  if (category < 1 || category > HIGHEST_CATEGORY) return { fault: 'unknown-category' };
  if (reserved !== 0) return { fault: 'reserved-bits' };
  return { payload: { setupCode, ...readReach(reach), category, version, setupId } };
}

function split(number: number): [number, number, number, number, number, number] {
  let rest = number;
  const take = (size: number) => {
    const part = rest % size;
    rest = (rest - part) / size;
    return part;
  };
  return [take(CODE), take(REACH), take(CATEGORY), take(RESERVED), take(VERSION), rest];
}

function readReach(bits: number): Reach {
  return { paired: (bits & 1) !== 0, ip: (bits & 2) !== 0, ble: (bits & 4) !== 0, wac: (bits & 8) !== 0 };
}
