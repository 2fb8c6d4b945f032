import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';

import { Accessory, Characteristic, HAPStorage, Service } from '@homebridge/hap-nodejs';

export type RealAccessory = {
  readonly place: { readonly address: string; readonly port: number };
  /** Of its label. */
  readonly setupPayload: string;
  readonly serialNumber: string;
  close(): Promise<void>;
};

const SETUP_CODE = '518-08-582';

/** Where accessories keep their keys; once a process. */
export function keepAccessoriesIn(folder: string): void {
  HAPStorage.setCustomStoragePath(folder);
}

/** A thermometer that speaks the HomeKit Accessory Protocol on loopback. */
export async function startAccessory(): Promise<RealAccessory> {
  const serialNumber = randomUUID();
  const accessory = new Accessory('Thermometer', randomUUID());
  accessory
    .getService(Service.AccessoryInformation)
    ?.setCharacteristic(Characteristic.Manufacturer, 'Careflow')
    .setCharacteristic(Characteristic.Model, 'Thermometer 1')
    .setCharacteristic(Characteristic.SerialNumber, serialNumber);
  accessory.addService(Service.TemperatureSensor, 'Temperature');
  const listening = once(accessory, 'listening');
  await accessory.publish({
    username: [...randomBytes(6)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join(':')
      .toUpperCase(),
    pincode: SETUP_CODE,
    setupID: '7OSX',
    bind: '127.0.0.1',
    port: 0,
  });
  const [port] = await listening;
  return {
    place: { address: '127.0.0.1', port: Number(port) },
    setupPayload: accessory.setupURI(),
    serialNumber,
    close: () => accessory.unpublish(),
  };
}
