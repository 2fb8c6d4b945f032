import type { SetupPayload } from '../../shared/domain/setup-payload.ts';

/** The URI of a label. From the lowest bit: 27 of the code, 4 of the reach, 8 of the category, 4 reserved, 3 of the version. */
export function writeSetupPayload({ setupCode, category, version, setupId, ...reach }: SetupPayload): string {
  const ways = Number(reach.paired) + 2 * Number(reach.ip) + 4 * Number(reach.ble) + 8 * Number(reach.wac);
  const number = setupCode + 2 ** 27 * (ways + 2 ** 4 * (category + 2 ** 12 * version));
  return `X-HM://${number.toString(36).toUpperCase().padStart(9, '0')}${setupId}`;
}
