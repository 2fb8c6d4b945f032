import { AppError } from '../errors.ts';

type Waiting<Question, Answer> = {
  readonly question: Question;
  /** When it came. */
  readonly since: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

export type GatherOptions = {
  /** How many questions are asked together. */
  readonly most: number;
  /** So many times at once. */
  readonly atOnce: number;
  /** In milliseconds; `performance.now` unless given. */
  readonly now?: () => number;
};

/** Whoever asked so long ago has given up by the time of the answer. */
const LONGEST_WAIT_MS = 10_000;

/**
 * Asks together what is wanted while others are being asked: alone, a question leaves at once; under load many share what
 * asking costs. `ask` answers in the order of the questions; what it rejects with, all of them reject with. Rejects as
 * `unavailable` what waited for ten seconds without being asked.
 */
export function gather<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  { most, atOnce, now = () => performance.now() }: GatherOptions,
): (question: Question) => Promise<Answer> {
  const waiting: Waiting<Question, Answer>[] = [];
  let underWay = 0;

  async function askAll(): Promise<void> {
    underWay += 1;
    while (waiting.length > 0) await settle(inTime(waiting.splice(0, most)));
    underWay -= 1;
  }

  function inTime(group: readonly Waiting<Question, Answer>[]): Waiting<Question, Answer>[] {
    const latest = now() - LONGEST_WAIT_MS;
    for (const { since, reject } of group) {
      if (since < latest) reject(new AppError('unavailable', 'Too many wait for the same.'));
    }
    return group.filter(({ since }) => since >= latest);
  }

  async function settle(group: readonly Waiting<Question, Answer>[]): Promise<void> {
    if (group.length === 0) return;
    try {
      const answers = await ask(group.map(({ question }) => question));
      for (const [index, { resolve, reject }] of group.entries()) {
        const answer = answers[index];
        if (answer === undefined) reject(new Error('A question had no answer'));
        else resolve(answer);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, since: now(), resolve, reject });
      if (underWay < atOnce) void askAll();
    });
}
