import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type CustodyEntry,
  type CustodyStep,
  custodySteps,
  type KitStatus,
  takeStep,
} from '../../../shared/domain/custody.ts';

const START = Temporal.Instant.from('2030-06-01T08:00:00Z');
const at = (hours: number) => START.add({ hours });
const now = at(1_000);

/** Takes steps an hour apart; those that are refused leave no trace. */
function walk(steps: readonly CustodyStep[]): { status: KitStatus; chain: CustodyEntry[] } {
  let status: KitStatus = 'stocked';
  const chain: CustodyEntry[] = [];
  for (const [hour, step] of steps.entries()) {
    const entry = { step, happenedAt: at(hour) };
    const move = takeStep({ status, chain }, entry, now);
    if (!('status' in move)) continue;
    chain.push(entry);
    ({ status } = move);
  }
  return { status, chain };
}

describe('the chain of custody', () => {
  it('goes from order to result', () => {
    const steps = custodySteps.filter((step) => step !== 'rejected');
    expect(walk(steps)).toMatchObject({ status: 'resulted', chain: steps.map((step) => ({ step })) });
  });

  it.each<[CustodyStep[], CustodyStep]>([
    [[], 'collected'],
    [['ordered'], 'collected'],
    [['registered'], 'posted'],
    [['registered', 'accessioned'], 'resulted'],
    [['registered', 'collected'], 'resulted'],
    [['shipped'], 'ordered'],
    [['registered', 'collected', 'accessioned'], 'registered'],
    [['registered', 'rejected'], 'collected'],
    [['delivered'], 'rejected'],
    [[], 'posted'],
  ])('after %j does not take %s', (steps, step) => {
    const { status, chain } = walk(steps);
    const move = takeStep({ status, chain }, { step, happenedAt: at(500) }, now);
    expect(move).toHaveProperty('refusedBecause');
  });

  it.each<[CustodyStep[], CustodyStep]>([
    [['registered'], 'shipped'],
    [['shipped', 'registered'], 'delivered'],
    [['registered', 'collected', 'accessioned'], 'posted'],
    [['registered', 'collected', 'accessioned', 'resulted'], 'posted'],
  ])('after %j keeps %s that was scanned late, and stays where it is', (steps, step) => {
    const { status, chain } = walk(steps);
    expect(takeStep({ status, chain }, { step, happenedAt: at(0) }, now)).toEqual({ status });
  });

  it('receives a sample that nobody is known to have collected', () => {
    const { status, chain } = walk(['registered']);
    const arrival = { step: 'accessioned', happenedAt: at(500) } as const;
    expect(takeStep({ status, chain }, arrival, now)).toEqual({ status: 'accessioned' });
  });

  it('has no step twice, none to come and none before the last', () => {
    const { status, chain } = walk(['shipped', 'registered', 'collected']);
    const take = (step: CustodyStep, happenedAt: Temporal.Instant) =>
      takeStep({ status, chain }, { step, happenedAt }, now);
    expect(take('collected', at(5))).toEqual({ refusedBecause: 'recorded-before' });
    expect(take('posted', now.add({ minutes: 6 }))).toEqual({ refusedBecause: 'in-the-future' });
    expect(take('posted', now.add({ minutes: 4 }))).toEqual({ status: 'posted' });
    expect(take('posted', at(1))).toEqual({ refusedBecause: 'before-the-last-step' });
    expect(take('posted', at(2))).toEqual({ status: 'posted' });
    expect(take('posted', at(2).subtract({ minutes: 5 }))).toEqual({ status: 'posted' });
    expect(take('posted', at(2).subtract({ minutes: 6 }))).toEqual({ refusedBecause: 'before-the-last-step' });
  });

  it('takes a sample that was collected before the kit was registered, but not before the kit was there', () => {
    const { status, chain } = walk(['shipped', 'delivered', 'registered']);
    const collect = (happenedAt: Temporal.Instant) =>
      takeStep({ status, chain }, { step: 'collected', happenedAt }, now);
    expect(collect(at(1))).toEqual({ status: 'collected' });
    expect(collect(at(0))).toEqual({ refusedBecause: 'before-the-last-step' });
  });

  it('ends in any order of scans without a step twice, and with a result only of what was registered and collected', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...custodySteps), { maxLength: 30 }), (steps) => {
        const { status, chain } = walk(steps);
        const taken = chain.map(({ step }) => step);
        expect(new Set(taken).size).toBe(taken.length);
        if (status !== 'stocked') expect(taken).toContain(status);
        if (status === 'resulted')
          expect(taken).toEqual(expect.arrayContaining(['registered', 'collected', 'accessioned']));
      }),
    );
  });
});
