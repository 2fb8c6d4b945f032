import { expect, it } from 'vitest';

import { gather } from '../../../shared/db/gather.ts';

/** Asks nothing of anybody: whoever tests says when, and what, is answered. */
function openQuestions() {
  const asked: { readonly questions: readonly number[]; answer(): void; fail(error: Error): void }[] = [];
  const ask = (questions: readonly number[]) =>
    new Promise<number[]>((resolve, reject) => {
      asked.push({ questions, answer: () => resolve(questions.map((each) => each * 10)), fail: reject });
    });
  return { asked, ask };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

it('asks at once what comes alone, and together what comes while others are asked for', async () => {
  const { asked, ask } = openQuestions();
  const wanted = gather(ask, { most: 3, atOnce: 2 });
  const answers = [1, 2, 3, 4, 5, 6].map((question) => wanted(question));
  expect(asked.map(({ questions }) => questions)).toEqual([[1], [2]]);
  asked[0]?.answer();
  await settled();
  expect(asked.at(-1)?.questions).toEqual([3, 4, 5]);
  asked[1]?.answer();
  await settled();
  expect(asked.at(-1)?.questions).toEqual([6]);
  for (const { answer } of asked) answer();
  expect(await Promise.all(answers)).toEqual([10, 20, 30, 40, 50, 60]);
});

it('rejects all that were asked together with the same, and goes on with the next', async () => {
  const { asked, ask } = openQuestions();
  const wanted = gather(ask, { most: 2, atOnce: 1 });
  const answers = Promise.allSettled([1, 2, 3, 4].map((question) => wanted(question)));
  asked[0]?.answer();
  await settled();
  asked[1]?.fail(new Error('gone'));
  await settled();
  asked[2]?.answer();
  expect((await answers).map((each) => (each.status === 'fulfilled' ? each.value : each.reason.message))).toEqual([
    10,
    'gone',
    'gone',
    40,
  ]);
});

it('rejects as unavailable what has waited for too long, without asking', async () => {
  const { asked, ask } = openQuestions();
  let time = 0;
  const wanted = gather(ask, { most: 2, atOnce: 1, now: () => time });
  const answers = Promise.allSettled([1, 2, 3].map((question) => wanted(question)));
  time = 10_001;
  const late = wanted(4);
  asked[0]?.answer();
  await settled();
  expect(asked[1]?.questions).toEqual([4]);
  asked[1]?.answer();
  expect(await late).toBe(40);
  expect(await answers).toMatchObject([
    { value: 10 },
    { reason: { code: 'unavailable' } },
    { reason: { code: 'unavailable' } },
  ]);
});
