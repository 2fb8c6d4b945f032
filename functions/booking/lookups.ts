import { LRUCache } from 'lru-cache';

import type { Database } from '../../shared/db/client.ts';
import { hasPatient, listProxiedPatients, PATIENT_KEEP_MS } from '../../shared/db/patients.ts';
import { prepareFindSchedule, scheduleOf } from '../../shared/db/schedules.ts';
import { prepareFindVisitType } from '../../shared/db/visit-types.ts';
import { type Caller, hasRole } from '../../shared/domain/caller.ts';
import type { Grid } from '../../shared/domain/grid.ts';
import type { Schedule } from '../../shared/domain/schedule.ts';
import type { VisitType } from '../../shared/domain/visit-type.ts';
import { AppError } from '../../shared/errors.ts';

/** A practitioner's calendar as booking needs it, with one of their visit types. */
export type Practice = {
  readonly country: string;
  readonly visitType: VisitType;
  readonly schedule: Schedule;
  readonly grid: Grid;
  /** Row of the availability bitmap. */
  readonly ordinal: number;
};

/** What other contexts publish, kept for seconds: every request needs it and it seldom changes. */
export type Lookups = {
  /** Undefined for one that is not, or no more, offered in the country. */
  visitType(country: string, visitTypeId: string): Promise<VisitType | undefined>;
  /** Throws `not-found` for a practitioner or visit type that is not of the country. */
  practice(country: string, wanted: { practitionerId: string; visitTypeId: string }): Promise<Practice>;
  /** Throws `not-found`. */
  mustBePatient(country: string, patientId: string): Promise<void>;
  /** The patients whom the caller may act for beside themselves. */
  proxied(caller: Caller): Promise<readonly string[]>;
};

export type Sources = {
  readonly practitioners: Database;
  readonly patients: Database;
  readonly gridOf: (country: string) => Grid;
  readonly now: () => Temporal.Instant;
  readonly keepMs: number;
};

const MAX_KEPT = 5_000;
/** Whom an identity provider names otherwise is no patient of ours. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function createLookups({ practitioners, patients, gridOf, now, keepMs }: Sources): Lookups {
  const visitTypes = kept(keepMs, prepareFindVisitType(practitioners));
  const findSchedule = prepareFindSchedule(practitioners);
  const calendars = kept(keepMs, async (country, id) => {
    const row = await findSchedule(country, id);
    return row && { ordinal: row.ordinal, schedule: scheduleOf(row) };
  });
  const known = kept(PATIENT_KEEP_MS, async (country, id) => (await hasPatient(patients, country, id)) || undefined);
  return {
    visitType: visitTypes,
    async practice(country, { practitionerId, visitTypeId }) {
      const [visitType, calendar] = await Promise.all([
        visitTypes(country, visitTypeId),
        calendars(country, practitionerId),
      ]);
      if (calendar === undefined) throw new AppError('not-found', 'There is no such practitioner.');
      if (visitType === undefined) throw new AppError('not-found', 'There is no such visit type.');
      return { country, visitType, ...calendar, grid: gridOf(country) };
    },
    async mustBePatient(country, patientId) {
      if ((await known(country, patientId)) === undefined) throw new AppError('not-found', 'There is no such patient.');
    },
    async proxied(caller) {
      const isSomebody = hasRole(caller, 'patient') && UUID.test(caller.subject);
      return isSomebody ? listProxiedPatients(patients, caller.subject, now()) : [];
    },
  };
}

/** Remembers what was found; what was not is looked for again. */
function kept<Found extends object | true>(
  keepMs: number,
  find: (country: string, id: string) => Promise<Found | undefined>,
): (country: string, id: string) => Promise<Found | undefined> {
  const cache = new LRUCache<string, Found>({ max: MAX_KEPT, ttl: keepMs });
  return async (country, id) => {
    const key = `${country}/${id}`;
    const remembered = cache.get(key);
    if (remembered !== undefined) return remembered;
    const found = await find(country, id);
    if (found !== undefined) cache.set(key, found);
    return found;
  };
}
