/** `npm run hub`: pairs accessories of this home and registers them. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

import { explain } from '../explain.ts';
import { careflowHome } from '../local/home.ts';
import { requestToken } from '../local/oidc/request-token.ts';
import { findPlatform } from '../local/platform-file.ts';
import type { Place } from './accessory.ts';
import type { Account } from './cloud.ts';
import { endPairing } from './end-pairing.ts';
import { openPairings } from './pairings.ts';
import { registerAccessory } from './register.ts';

const usage = `Pairs a HomeKit accessory on the local network and registers it as a patient's device.

  npm run hub -- register --address 192.168.1.20 --port 51826 --country fr --patient <id>
  npm run hub -- unpair --address 192.168.1.20 --port 51826

  --address, --port  where the accessory listens
  --country          the patient's
  --patient          the patient whose device it becomes
  --setup            the setup payload of its label: what its QR code says (X-HM://...). Whoever lists the processes of
                     this machine sees it here. Without it, it is asked for, or read from standard input.

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
    const wasKnown = await endPairing(place, pairings);
    return say(
      wasKnown ? 'The pairing has ended.' : 'The accessory did not know the pairing; it is forgotten here too.',
    );
  }
  if (positionals[0] !== 'register') throw new TypeError('Say register or unpair.');
  const { country = '', patient = '' } = values;
  if (!country || !patient) throw new TypeError('--country and --patient are needed.');
  const account = await findAccount(country, patient);
  const setupPayload = values.setup ?? (await readSetup());
  if (!setupPayload) throw new TypeError('The setup payload is needed: by --setup or standard input.');
  const device = await registerAccessory({ place, setupPayload, account, pairings, onProgress: say });
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

/** The first line of standard input, asked for where somebody types it. */
async function readSetup(): Promise<string> {
  if (process.stdin.isTTY) process.stdout.write('Setup payload of its label (X-HM://...): ');
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) return line.trim();
  return '';
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

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explain(error, usage)}\n`);
  process.exitCode = 1;
}
