/** `npm run hub`: pairs accessories of this home and registers them. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { careflowHome } from '../local/home.ts';
import { requestToken } from '../local/oidc/request-token.ts';
import { findPlatform } from '../local/platform-file.ts';
import { type Place, unpair } from './accessory.ts';
import type { Account } from './cloud.ts';
import { openPairings } from './pairings.ts';
import { registerAccessory } from './register.ts';

const usage = `Pairs a HomeKit accessory on the local network and registers it as a patient's device.

  npm run hub -- register --address 192.168.1.20 --port 51826 --setup X-HM://0052VG2TI7OSX --country fr --patient <id>
  npm run hub -- unpair --address 192.168.1.20 --port 51826

  --address, --port  where the accessory listens
  --setup            the setup payload of its label: what its QR code says
  --country          the patient's
  --patient          the patient whose device it becomes

It registers with the running local platform, or with what CAREFLOW_GATEWAY names, by the access token in
CAREFLOW_TOKEN. The keys of a pairing stay in this folder's .careflow/hub, or where CAREFLOW_HOME says.
`;

const text = { type: 'string' } as const;
const OPTIONS = { address: text, port: text, setup: text, country: text, patient: text };

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const place = placeOf(values);
  const pairings = openPairings(join(careflowHome(), 'hub'));
  if (positionals[0] === 'unpair') {
    const pairing = await pairings.find(place);
    if (pairing === undefined) throw new Error('Nothing is paired there.');
    await unpair(place, pairing);
    await pairings.drop(place);
    return say('The pairing has ended.');
  }
  if (positionals[0] !== 'register') throw new TypeError('Say register or unpair.');
  const { setup = '', country = '', patient = '' } = values;
  if (!setup || !country || !patient) throw new TypeError('--setup, --country and --patient are needed.');
  const account = await findAccount(country, patient);
  const device = await registerAccessory({ place, setupPayload: setup, account, pairings, onProgress: say });
  if (device.status !== 'registered') throw new Error(`The device is ${device.status}: ${reasonOf(device)}.`);
  say(`The device is registered: ${device.id}`);
}

function reasonOf({ rejection, proof }: Awaited<ReturnType<typeof registerAccessory>>): string {
  return rejection?.detail ?? rejection?.reason ?? proof.lastRefusal ?? 'no reason was given';
}

function placeOf({ address, port }: { address?: string | undefined; port?: string | undefined }): Place {
  const number = Number(port);
  if (address === undefined || !Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new TypeError('--address and --port say where the accessory listens.');
  }
  return { address, port: number };
}

async function findAccount(country: string, patientId: string): Promise<Account> {
  const { CAREFLOW_GATEWAY: gateway, CAREFLOW_TOKEN: token } = process.env;
  if (gateway && token) return { gateway, country, patientId, token };
  const platform = await findPlatform();
  if (platform === undefined) {
    throw new Error(
      'There is nothing to register with. Start the platform with `npm start` and try again, or set CAREFLOW_GATEWAY ' +
        'and CAREFLOW_TOKEN.',
    );
  }
  const asked = { role: 'patient', subject: patientId, country };
  return { gateway: platform.gateway, country, patientId, token: await requestToken(platform.oidc, asked) };
}

function say(what: string): void {
  process.stdout.write(`${what}\n`);
}

/** A TypeError is what parseArgs throws too; fetch throws one where nobody listens. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof TypeError && error.message !== 'fetch failed'
    ? `${error.message}\n\n${usage}`
    : error.message;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
