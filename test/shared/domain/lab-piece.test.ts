import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  forced,
  newPiece,
  type Piece,
  released,
  reviewed,
  summaryOf,
  undecided,
} from '../../../shared/domain/lab-piece.ts';
import { at } from './lab-samples.ts';

const morning = at('2031-03-03T09:00:00Z');
const final: Piece = { ...newPiece, conclusiveAt: morning };
const facts = { category: 'sensitive', preference: 'as-advised', isParked: false, critical: [], now: morning } as const;
const hoursLater = (hours: number) => ({ now: morning.add({ hours }) });

describe('a piece of a report', () => {
  it('is seen when its hold is over, and since then', () => {
    const held = released(final, facts);
    expect(held).toMatchObject({ heldBecause: ['category'], releaseAt: morning.add({ hours: 24 }), releasedAt: null });
    const seen = released(held, { ...facts, ...hoursLater(24) });
    expect(seen.releasedAt).toEqual(morning.add({ hours: 24 }));
    expect(released(seen, { ...facts, ...hoursLater(90) })).toEqual(seen);
  });

  it.each([
    ['what is not final', newPiece, {}, 'not-final'],
    ['what nobody knows the code of', final, { isParked: true }, 'unmapped-code'],
  ])('is not seen whatever an office does, where it is %s', (_, piece, more, because) => {
    const decided = released(forced(piece, 'office', morning), { ...facts, ...more });
    expect(decided).toMatchObject({ heldBecause: [because], releaseAt: null, releasedAt: null });
  });

  it('stays seen when its patient prefers something else, which holds it no less where it is not', () => {
    const seen = released(final, { ...facts, preference: 'at-once' });
    expect(released(seen, { ...facts, preference: 'after-review' })).toEqual(seen);
    const held = released(final, facts);
    expect(released(held, { ...facts, preference: 'at-once' }).releasedAt).toEqual(morning);
    expect(released(held, { ...facts, preference: 'after-review' }).releaseAt).toEqual(morning.add({ hours: 72 }));
  });

  it('stays seen when it is decided on by an older clock, and not where something holds it by then', () => {
    const routine = { ...facts, category: 'routine' } as const;
    const piece = { ...newPiece, conclusiveAt: morning.add({ seconds: 10 }) };
    const seen = released(piece, { ...routine, now: morning.add({ seconds: 10 }) });
    expect(seen.releasedAt).toEqual(morning.add({ seconds: 10 }));
    expect(released(seen, routine)).toEqual(seen);
    expect(released(seen, facts)).toMatchObject({ heldBecause: ['category'], releasedAt: null });
  });

  it('counts the first time that somebody decided on it, and none that did not know of it', () => {
    const later = morning.add({ hours: 1 });
    expect(reviewed(reviewed(final, 'one', morning), 'two', later)).toMatchObject({ reviewedBy: 'one' });
    expect(reviewed(newPiece, 'one', morning)).toBe(newPiece);
    expect(forced(forced(final, 'one', morning), 'two', later)).toMatchObject({ forcedBy: 'one' });
    const critical = [{ alertedAt: later, acknowledgedAt: undefined }];
    const known = undecided(released(forced(final, 'one', morning), facts));
    expect(released(known, { ...facts, critical, now: later })).toMatchObject({
      heldBecause: ['category', 'critical'],
      releaseAt: later.add({ hours: 24 }),
      releasedAt: null,
    });
  });
});

describe('the pieces of a report', () => {
  const anyPiece = fc
    .record({
      finalHour: fc.integer({ min: 0, max: 100 }),
      category: fc.constantFrom('routine', 'sensitive', 'pathology', 'genetic'),
    })
    .map(({ finalHour, category }) => ({
      category,
      piece: { ...newPiece, conclusiveAt: morning.add({ hours: finalHour }) },
    }));

  it('are seen when each is due, whatever the others are', () => {
    fc.assert(
      fc.property(fc.array(anyPiece), fc.integer({ min: 100, max: 300 }), (known, hours) => {
        const decided = known.map(({ piece, category }) =>
          released(piece, { ...facts, category, ...hoursLater(hours) }),
        );
        const { releaseAt, releasedAt, heldBecause } = summaryOf(decided);
        const held = decided.filter((piece) => piece.releasedAt === null);
        expect(releaseAt === null).toBe(held.length === 0);
        expect(releasedAt === null).toBe(held.length === decided.length);
        expect(heldBecause).toEqual(held.length === 0 ? [] : ['category']);
        for (const piece of held) expect(piece.releaseAt?.since(releaseAt ?? morning).sign).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('tell why any is held, when the next is due and since when one is seen', () => {
    const seen = released(final, { ...facts, category: 'routine' });
    const genetic = released(final, { ...facts, category: 'genetic', preference: 'after-review' });
    expect(summaryOf([genetic, seen, released(final, facts), newPiece, released(newPiece, facts)])).toEqual({
      heldBecause: ['not-final', 'category', 'preference'],
      releaseAt: morning.add({ hours: 24 }),
      releasedAt: morning,
    });
    expect(summaryOf([seen])).toEqual({ heldBecause: [], releaseAt: null, releasedAt: morning });
  });
});
