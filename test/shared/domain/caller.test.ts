import { describe, expect, it } from 'vitest';

import type { Caller } from '../../../shared/domain/caller.ts';
import { lacksSession, mayCall, mayEnter, mayReach, maySelect } from '../../../shared/domain/caller.ts';

const as = (given: Partial<Caller>): Caller => ({ subject: 'me', roles: [], scopes: [], country: undefined, ...given });
const patient = as({ roles: ['patient'] });
const practitioner = as({ roles: ['practitioner'] });
const forbidden = expect.objectContaining({ code: 'forbidden' });

describe('a patient', () => {
  it('acts for themself and for those who named them', () => {
    maySelect(patient, { patientId: 'me' }, []);
    maySelect(patient, { patientId: 'child' }, ['child']);
    expect(() => maySelect(patient, { patientId: 'other' }, ['child'])).toThrow(forbidden);
  });

  it('does not act as the practitioner of the same id', () => {
    expect(() => maySelect(patient, { practitionerId: 'me' }, [])).toThrow(forbidden);
  });

  it('does not learn whether what belongs to others exists', () => {
    mayReach(patient, { patientId: 'me', practitionerId: 'theirs' }, []);
    expect(() => mayReach(patient, { patientId: 'other', practitionerId: 'me' }, [])).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
  });

  it('selects nothing without saying whose', () => {
    expect(() => maySelect(patient, {}, [])).toThrow(forbidden);
    maySelect(patient, { patientId: 'me' }, []);
  });
});

describe('a practitioner', () => {
  it('reaches what is theirs, whoever the patient', () => {
    const theirs = { patientId: 'anyone', practitionerId: 'me' };
    expect(() => mayReach(practitioner, theirs, [])).not.toThrow();
    expect(() => maySelect(practitioner, { practitionerId: 'me' }, [])).not.toThrow();
  });

  it('reaches nothing of colleagues, and no patient as such', () => {
    expect(() => maySelect(practitioner, { practitionerId: 'colleague' }, [])).toThrow(forbidden);
    expect(() => maySelect(practitioner, { patientId: 'me' }, ['me'])).toThrow(forbidden);
  });
});

describe('an office', () => {
  it.each(['staff', 'system', 'admin'] as const)('%s acts for everyone', (role) => {
    const caller = as({ roles: [role] });
    expect(() => maySelect(caller, { patientId: 'anyone' }, [])).not.toThrow();
    expect(() => maySelect(caller, { practitionerId: 'anyone' }, [])).not.toThrow();
    expect(() => maySelect(caller, {}, [])).not.toThrow();
    expect(() => mayReach(caller, { patientId: 'anyone' }, [])).not.toThrow();
  });
});

describe('a caller without a role', () => {
  it('reaches nothing, not even under their own id', () => {
    expect(() => maySelect(as({}), { patientId: 'me', practitionerId: 'me' }, ['me'])).toThrow(forbidden);
    expect(() => mayEnter(as({}), 'fr')).toThrow(forbidden);
  });
});

describe('a session', () => {
  const session = Buffer.alloc(32);

  it.each([
    ['a patient', ['patient']],
    ['a practitioner', ['practitioner']],
    ['staff', ['staff']],
    ['an administrator', ['admin']],
    ['a machine that is somebody besides', ['system', 'patient']],
    ['somebody who is a machine besides', ['patient', 'system']],
    ['nobody in particular', []],
  ] as const)('is what %s needs', (_, roles) => {
    expect([lacksSession(as({ roles })), lacksSession(as({ roles, session }))]).toEqual([true, false]);
  });

  it('is nothing that a machine needs, though it may have one', () => {
    expect(lacksSession(as({ roles: ['system'] }))).toBe(false);
    expect(lacksSession(as({ roles: ['system'], session }))).toBe(false);
  });
});

describe('a country', () => {
  it.each(['patient', 'practitioner', 'staff', 'system', 'admin'] as const)('claimed binds %s to it', (role) => {
    const caller = as({ roles: [role], country: 'fr' });
    mayEnter(caller, 'fr');
    expect(() => mayEnter(caller, 'de')).toThrow(forbidden);
  });

  it('unclaimed leaves all open, except to staff', () => {
    mayEnter(as({ roles: ['system'] }), 'fr');
    mayEnter(as({ roles: ['patient'] }), 'fr');
    expect(() => mayEnter(as({ roles: ['staff'] }), 'fr')).toThrow(forbidden);
    expect(() => mayEnter(as({ roles: ['patient', 'staff'] }), 'fr')).toThrow(forbidden);
  });
});

describe('an operation', () => {
  const operation = { roles: ['patient', 'staff'], scope: 'bookings:write' } as const;

  it('asks for one of its roles and for its scope', () => {
    mayCall(as({ roles: ['staff'], scopes: ['bookings:write'] }), operation);
    expect(() => mayCall(as({ roles: ['system'], scopes: ['bookings:write'] }), operation)).toThrow(forbidden);
    expect(() => mayCall(as({ roles: ['staff'], scopes: ['bookings:read'] }), operation)).toThrow(
      expect.objectContaining({ code: 'forbidden', details: { requiredScope: 'bookings:write' } }),
    );
  });
});
