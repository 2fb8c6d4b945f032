import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { listPourable } from '../../../infra/pour/files.ts';
import { pour } from '../../../infra/pour/pour.ts';
import type { Answer, Send } from '../../../infra/pour/send.ts';

const folder = fileURLToPath(new URL('../../fixtures/hl7', import.meta.url));
const accepted: Answer = { status: 200, text: 'MSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|AA|1\r' };

describe('pouring', () => {
  it('has as many on their way as it is told, and no more', async () => {
    const files = await listPourable(join(folder, 'values'));
    const three = Promise.withResolvers<void>();
    let [underWay, most] = [0, 0];
    const send: Send = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      if (underWay === 3) three.resolve();
      await three.promise;
      // Whoever else would be let in is by now.
      await nextTurn();
      underWay -= 1;
      return accepted;
    };
    const poured = await pour(files.slice(-6), { send, concurrency: 3 });
    expect(most).toBe(3);
    expect(poured).toHaveLength(6);
  });

  it('tells of files in their order, whichever is answered first', async () => {
    const files = await listPourable(join(folder, 'stories/correction'));
    const answers = files.map(() => Promise.withResolvers<Answer>());
    const send: Send = async (file) => answers[files.indexOf(file)]?.promise;
    const pouring = pour(files, { send, concurrency: 3 });
    for (const { resolve } of answers.toReversed()) resolve(accepted);
    expect((await pouring).map(({ file }) => file)).toEqual(files.map(({ name }) => name));
  });

  it('begins nothing more once it is stopped', async () => {
    const files = await listPourable(join(folder, 'stories'));
    const stopping = new AbortController();
    const send: Send = async () => {
      stopping.abort();
      return accepted;
    };
    expect(await pour(files, { send, concurrency: 1, signal: stopping.signal })).toHaveLength(1);
  });

  it('tells of a file that nobody answered', async () => {
    const files = await listPourable(join(folder, 'stories/late'));
    expect(await pour(files, { send: async () => undefined, concurrency: 2 })).toMatchObject([
      { told: [], problem: 'no answer' },
      { told: [], problem: 'no answer' },
    ]);
  });
});
