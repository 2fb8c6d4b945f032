import type { visitTypes } from '../../shared/db/schema/practitioner.ts';
import { samplesOf } from './countries.ts';
import type { CountryCode } from './country.ts';
import type { Dice } from './dice.ts';
import { sampleId } from './id.ts';

type VisitTypeRow = typeof visitTypes.$inferSelect;
type Rules = Omit<VisitTypeRow, 'id' | 'country' | 'practitionerId' | 'specialty' | 'name'>;

/** Half an hour with nothing to know about it: what everybody offers. */
const plain: Rules = {
  mode: 'in-person',
  durationMinutes: 30,
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 0,
  minimumNoticeMinutes: 0,
  horizonDays: 90,
  cancelCutOffMinutes: 240,
  dailyCap: null,
};

const kinds = {
  consultation: plain,
  firstVisit: { ...plain, durationMinutes: 60, bufferAfterMinutes: 15, minimumNoticeMinutes: 120, dailyCap: 4 },
  video: { ...plain, mode: 'video', minimumNoticeMinutes: 60, horizonDays: 30, cancelCutOffMinutes: 120 },
  procedure: {
    ...plain,
    durationMinutes: 90,
    bufferBeforeMinutes: 15,
    bufferAfterMinutes: 30,
    minimumNoticeMinutes: 2 * 24 * 60,
    horizonDays: 60,
    cancelCutOffMinutes: 24 * 60,
    dailyCap: 2,
  },
} as const satisfies Record<string, Rules>;

type Kind = keyof typeof kinds;

/** Specialties that need the patient to be there. */
const handsOn: ReadonlySet<string> = new Set(['dentist', 'physiotherapist', 'ophthalmologist']);
const withProcedures: ReadonlySet<string> = new Set(['dentist', 'dermatologist', 'cardiologist', 'orthopaedist']);

export type Offer = { readonly country: CountryCode; readonly practitionerId: string; readonly specialty: string };

/** What can be booked with the practitioner; the plain consultation comes first. */
export function offeredVisits(offer: Offer, dice: Dice): VisitTypeRow[] {
  const offered: Kind[] = ['consultation'];
  if (dice.chance(0.6)) offered.push('firstVisit');
  if (!handsOn.has(offer.specialty) && dice.chance(0.4)) offered.push('video');
  if (withProcedures.has(offer.specialty) && dice.chance(0.7)) offered.push('procedure');
  return offered.map((kind) => ({
    ...kinds[kind],
    ...offer,
    id: sampleId(`visit type ${offer.practitionerId} ${kind}`),
    name: samplesOf[offer.country].visitTypeNames[kind],
  }));
}
