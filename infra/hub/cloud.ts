import { setTimeout as delay } from 'node:timers/promises';

import { z } from 'zod';

import { Device } from '../../schemas/api/homekit.ts';
import type { SignedAnswer } from './pair-verify.ts';

export type CloudDevice = z.infer<typeof Device>;

/** Where devices are registered, for whom, and by whose token. */
export type Account = {
  readonly gateway: string;
  readonly country: string;
  readonly patientId: string;
  readonly token: string;
};

export type NewDevice = {
  readonly setupPayload: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly ltpk: string;
  readonly pairingId: string;
};

const Accepted = z.object({ id: z.string() });
const Problem = z.object({ title: z.string(), detail: z.string().optional() });

const DEADLINE_MS = 30_000;
const POLL_MS = 200;

/** Asks for a device to be registered. @returns its id. */
export async function submitDevice(account: Account, device: NewDevice): Promise<string> {
  const body = { patientId: account.patientId, ...device };
  return Accepted.parse(await call(account, 'POST', 'devices', body)).id;
}

/** Hands in what the accessory signed. */
export async function submitProof(
  account: Account,
  id: string,
  proof: { readonly nonce: string } & Omit<SignedAnswer, 'pairingId'>,
): Promise<void> {
  await call(account, 'POST', `devices/${id}/proof`, proof);
}

/** Asks for another nonce. */
export async function renewChallenge(account: Account, id: string): Promise<void> {
  await call(account, 'POST', `devices/${id}/challenge`);
}

/** Reads a device until it is as wanted. */
export async function readUntil(
  account: Account,
  id: string,
  isThere: (device: CloudDevice) => boolean,
): Promise<CloudDevice> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  for (;;) {
    const device = Device.parse(await call(account, 'GET', `devices/${id}`));
    if (isThere(device)) return device;
    if (deadline.aborted)
      throw new Error(`The device is ${device.status} for ${DEADLINE_MS / 1_000} s now. Try again.`);
    await delay(POLL_MS);
  }
}

async function call(
  { gateway, country, token }: Account,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const response = await fetch(`${gateway}/${country}/homekit/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer;
  const { title, detail } = Problem.parse(answer);
  throw new Error(`${response.status} ${title}${detail === undefined ? '' : `: ${detail}`}`);
}
