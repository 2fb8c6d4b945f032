import type * as z from 'zod';

import type { Preferences as PreferencesContract } from '../../schemas/customer.ts';
import type { PreferencesRow } from '../../shared/db/preferences.ts';

export type PreferencesContent = z.infer<typeof PreferencesContract>;

/** The preferences that content describes, as they are kept. */
export function preferencesOf(
  { language, channels, quietHours }: PreferencesContent,
  { patientId, version }: { readonly patientId: string; readonly version: number },
): PreferencesRow {
  return {
    patientId,
    version,
    language,
    channels,
    quietStartMinute: quietHours ? minuteOf(quietHours.from) : null,
    quietEndMinute: quietHours ? minuteOf(quietHours.to) : null,
  };
}

/** What preferences say, as they are written over HTTP and sealed in events. */
export function contentOf({
  language,
  channels,
  quietStartMinute,
  quietEndMinute,
}: PreferencesRow): PreferencesContent {
  const isQuiet = quietStartMinute !== null && quietEndMinute !== null;
  return {
    language,
    channels,
    ...(isQuiet && { quietHours: { from: timeOf(quietStartMinute), to: timeOf(quietEndMinute) } }),
  };
}

/** What holds for somebody who has never said anything: the version that a first change follows. */
export function unsaid(patientId: string): PreferencesRow {
  return { patientId, version: 1, language: 'en', channels: {}, quietStartMinute: null, quietEndMinute: null };
}

function minuteOf(time: string): number {
  const { hour, minute } = Temporal.PlainTime.from(time);
  return hour * 60 + minute;
}

function timeOf(minutes: number): string {
  const time = new Temporal.PlainTime(Math.floor(minutes / 60), minutes % 60);
  return time.toString({ smallestUnit: 'minute' });
}
