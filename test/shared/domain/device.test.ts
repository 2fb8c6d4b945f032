import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type KnownDevice, standingOf } from '../../../shared/domain/device.ts';
import { againstGrant, allows, defaultScopes, type Grant, type GrantRequest } from '../../../shared/domain/grant.ts';
import { afterFailure, isOut, MOST_FAILURES, type ProofState, waitUntil } from '../../../shared/domain/proof.ts';

const now = Temporal.Instant.from('2030-06-01T08:00:00Z');

describe('proofs that fail', () => {
  function fail(times: number, from: ProofState = { failures: 0, retryAt: null }): ProofState {
    return times === 0 ? from : fail(times - 1, afterFailure(from, now));
  }

  it('may be tried again four times', () => {
    expect(fail(MOST_FAILURES - 1)).toEqual({ failures: 4, retryAt: null });
    expect(isOut(fail(MOST_FAILURES - 1))).toBe(false);
  });

  it.each([
    [5, 15],
    [6, 30],
    [7, 60],
    [11, 960],
    [12, 1_440],
    [40, 1_440],
    [5_000, 1_440],
  ])('have to wait after the %ith for %i minutes', (times, minutes) => {
    const state = afterFailure({ failures: times - 1 }, now);
    expect(isOut(state)).toBe(true);
    expect(waitUntil(state, now)).toEqual(now.add({ minutes }));
    expect(waitUntil(state, now.add({ minutes }))).toBeUndefined();
  });
});

describe('a grant', () => {
  const request: GrantRequest = { granteeId: 'bert', role: 'user', scopes: defaultScopes('user'), expiresAt: null };

  it.each<[string, Partial<GrantRequest>, string[]]>([
    ['of a user', {}, []],
    ['to the owner', { granteeId: 'anna' }, ['own-device']],
    ['that is over', { expiresAt: now }, ['already-over']],
    ['to a guest for ever', { role: 'guest', scopes: ['device:read'] }, ['guest-without-end']],
    ['to a guest for a month', { role: 'guest', scopes: ['device:read'], expiresAt: now.add({ hours: 720 }) }, []],
    [
      'to a guest for longer',
      { role: 'guest', scopes: ['device:read'], expiresAt: now.add({ hours: 721 }) },
      ['too-long'],
    ],
    [
      'of measurements to a guest',
      { role: 'guest', scopes: ['measurements:read'], expiresAt: now.add({ hours: 1 }) },
      ['scope-too-wide'],
    ],
  ])('%s: %j', (_, more, reasons) => {
    expect(againstGrant({ ...request, ...more }, 'anna', now)).toEqual(reasons);
  });

  it('allows what it names, while it is in force', () => {
    const grant: Grant = { ...request, scopes: ['device:read'], expiresAt: now.add({ hours: 1 }), isActive: true };
    expect(allows(grant, 'device:read', now)).toBe(true);
    expect(allows(grant, 'device:control', now)).toBe(false);
    expect(allows(grant, 'device:read', now.add({ hours: 1 }))).toBe(false);
    expect(allows({ ...grant, isActive: false }, 'device:read', now)).toBe(false);
    expect(allows({ ...grant, expiresAt: null }, 'device:read', now.add({ hours: 10_000 }))).toBe(true);
  });
});

describe('an accessory that is registered', () => {
  const device: KnownDevice = { id: '1', ownerId: 'anna', ltpk: 'key', model: 'Scale', serialNumber: '7' };

  it('gives way to its owner’s new registration after a factory reset', () => {
    const reset = { ...device, id: '2', ltpk: 'new key' };
    expect(standingOf(reset, [device])).toEqual({ ownedByAnother: false, replaces: ['1'] });
  });

  it.each([
    ['the same key', { ltpk: 'key', model: 'Another', serialNumber: '8' }],
    ['the same model and serial number', { ltpk: 'new key' }],
  ])('does not give way to anybody else’s with %s', (_, more) => {
    expect(standingOf({ ...device, id: '2', ownerId: 'bert', ...more }, [device])).toEqual({ ownedByAnother: true });
  });

  it('does not stand in the way of any other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (model, serialNumber) => {
        fc.pre(model !== device.model || serialNumber !== device.serialNumber);
        const other = { id: '2', ownerId: 'bert', ltpk: 'new key', model, serialNumber };
        expect(standingOf(other, [device])).toEqual({ ownedByAnother: false, replaces: [] });
      }),
    );
  });
});
