import { setTimeout as delay } from 'node:timers/promises';

import type { Pourable } from './files.ts';

export type Answer = { readonly status: number; readonly text: string };

/** Resolves to the answer, or to undefined where none came however often it was asked for. */
export type Send = (file: Pourable, bytes: Uint8Array<ArrayBuffer>) => Promise<Answer | undefined>;

export type SendOptions = {
  readonly gateway: string;
  readonly country: string;
  readonly token: () => Promise<string>;
  /** How long one file is tried. */
  readonly deadlineMs: number;
};

const LONGEST_PAUSE_MS = 2_000;

/** Posts to the intake. What may pass is tried again: a message that was taken twice has been taken once. */
export function createSender({ gateway, country, token, deadlineMs }: SendOptions): Send {
  return async (file, bytes) => {
    const endsAt = performance.now() + deadlineMs;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await post(`${gateway}/${country}/lab-results`, file, bytes, await token());
      const pauseMs = Math.min(100 * 2 ** attempt, LONGEST_PAUSE_MS);
      if ((answer && !isPassing(answer.status)) || performance.now() + pauseMs > endsAt) return answer;
      await delay(pauseMs);
    }
  };
}

async function post(
  url: string,
  { mediaType }: Pourable,
  body: Uint8Array<ArrayBuffer>,
  token: string,
): Promise<Answer | undefined> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': mediaType, accept: mediaType };
  try {
    const response = await fetch(url, { method: 'POST', headers, body });
    return { status: response.status, text: await response.text() };
  } catch {
    // Nobody listens, or the connection broke: the next attempt tells.
    return undefined;
  }
}

function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}
