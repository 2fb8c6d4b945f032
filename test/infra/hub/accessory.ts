import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';

import { Accessory, Characteristic, HAPStorage, Service } from '@homebridge/hap-nodejs';

export type RealAccessory = {
  readonly place: { readonly address: string; readonly port: number };
  /** Of its label. */
  readonly setupPayload: string;
  readonly serialNumber: string;
  /** What it pairs under. */
  readonly username: string;
  close(): Promise<void>;
  /** Stops it; when it starts again it knows nobody and has another key. */
  reset(): Promise<void>;
};

const SETUP_CODE = '518-08-582';

/** Where accessories keep their keys; once a process. */
export function keepAccessoriesIn(folder: string): void {
  HAPStorage.setCustomStoragePath(folder);
}

type Identity = Pick<RealAccessory, 'serialNumber' | 'username'>;

/** A thermometer that speaks the HomeKit Accessory Protocol on loopback: a new one, or one that was there before. */
export async function startAccessory(
  { serialNumber, username }: Identity = newIdentity(),
  port = 0,
): Promise<RealAccessory> {
  const accessory = new Accessory('Thermometer', randomUUID());
  accessory
    .getService(Service.AccessoryInformation)
    ?.setCharacteristic(Characteristic.Manufacturer, 'Careflow')
    .setCharacteristic(Characteristic.Model, 'Thermometer 1')
    .setCharacteristic(Characteristic.SerialNumber, serialNumber);
  accessory.addService(Service.TemperatureSensor, 'Temperature');
  const listening = once(accessory, 'listening');
  await accessory.publish({
    username,
    pincode: SETUP_CODE,
    setupID: '7OSX',
    bind: '127.0.0.1',
    port,
  });
  const [listensAt] = await listening;
  return {
    place: { address: '127.0.0.1', port: Number(listensAt) },
    setupPayload: accessory.setupURI(),
    serialNumber,
    username,
    close: () => accessory.unpublish(),
    reset: () => accessory.destroy(),
  };
}

function newIdentity(): Identity {
  const bytes = [...randomBytes(6)].map((byte) => byte.toString(16).padStart(2, '0'));
  return { serialNumber: randomUUID(), username: bytes.join(':').toUpperCase() };
}
