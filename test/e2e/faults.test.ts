import { describe, expect, it } from 'vitest';

import { createDice } from '../../infra/seed/dice.ts';
import { runFaults } from '../faults/run.ts';
import { functions, planFaults, services } from '../faults/schedule.ts';
import { listDifferences } from '../load/check.ts';
import { hasKafka } from '../support/services/event-logs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const everyPart = [...functions, ...services];
const pace = { mostAfterMs: 1_000, mostDownMs: 1_500 };

describe('faults', () => {
  it('come alike for the same seed, each part once in a round', () => {
    const planOf = (seed: string) => planFaults(createDice(seed), pace).take(21).toArray();
    const plan = planOf('7');
    expect(planOf('7')).toEqual(plan);
    expect(planOf('8')).not.toEqual(plan);
    const rounds = [0, 7, 14].map((first) => plan.slice(first, first + 7).map(({ target }) => target));
    expect(rounds.map((targets) => targets.toSorted())).toEqual(rounds.map(() => everyPart.toSorted()));
  });

  it.skipIf(!hasKafka)(
    'lose nothing and double nothing, whichever part is killed',
    async () => {
      const { faults, checks } = await runFaults({
        home: await temporaryFolder(),
        seed: '1',
        durationMs: 0,
        pace,
        concurrency: 8,
        perSecond: 8,
        say: () => undefined,
      });
      expect(faults.map(({ target }) => target).toSorted()).toEqual(everyPart.toSorted());
      expect(listDifferences(checks)).toEqual([]);
      expect(checks[0]?.examined).toBeGreaterThan(50);
      expect(checks.filter(({ examined }) => examined === 0).map(({ what }) => what)).toEqual(['dead letters']);
    },
    240_000,
  );
});
