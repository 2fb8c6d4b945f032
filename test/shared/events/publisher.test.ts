import { pino } from 'pino';
import { expect, it } from 'vitest';

import { createPublisher } from '../../../shared/events/publisher.ts';

it('sends what is published after nothing was', async () => {
  const sent: (readonly string[])[] = [];
  const publisher = createPublisher(async (keys) => sent.push(keys), pino({ level: 'silent' }));
  publisher.publish([]);
  publisher.publish(['a']);
  await publisher.drain();
  publisher.publish([]);
  await publisher.drain();
  publisher.publish(['b', 'c']);
  await publisher.drain();
  expect(sent).toEqual([['a'], ['b', 'c']]);
});
