import type { LabTime } from '../domain/lab-time.ts';

/** Where a time without an offset is meant. */
export type Clock = {
  /** IANA, the sender's. */
  readonly timeZone: string;
  /** MSH-7's offset such as `+01:00`, which holds for the whole message. */
  readonly offset?: string | undefined;
  /** By wall-clock minute, those that were looked up: a report's times are few. */
  readonly offsets: Map<string, string>;
};

const HL7 =
  /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:[.,](\d{1,9}))?)?)?)?)?)?(?:([+-])(\d{2}):?(\d{2}))?$/;
/** What some systems write instead. */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(?:Z|([+-])(\d{2}):?(\d{2}))?$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads DT, DTM and TS (HL7 v2.8.2, 2A.3.22) as exactly as they are written; undefined where they are none of them. */
export function parseTime(written: string, clock: Clock): LabTime | undefined {
  const match = HL7.exec(written) ?? ISO.exec(written);
  if (!match) return undefined;
  const [, year = '', month, day, hour, minute = '00', second = '00', fraction] = match;
  if (!isYear(year)) return undefined;
  if (month === undefined) return year;
  if (!isWithin(month, 1, 12)) return undefined;
  if (day === undefined) return `${year}-${month}`;
  if (!isWithin(day, 1, lastDay(Number(year), Number(month)))) return undefined;
  const date = `${year}-${month}-${day}`;
  if (hour === undefined) return date;
  if (!isWithin(hour, 0, 23) || !isWithin(minute, 0, 59) || !isWithin(second, 0, 59)) return undefined;
  const time = `${date}T${hour}:${minute}:${second}${fraction === undefined ? '' : `.${fraction}`}`;
  const offset = offsetOf(match, written) ?? clock.offset ?? localOffset(time, clock);
  return isOffset(offset) ? time + offset : undefined;
}

/** Reads TM; undefined where it is none. */
export function parseTimeOfDay(written: string): string | undefined {
  const [, hour = '', minute = '00', second = '00', fraction] =
    /^(\d{2}):?(?:(\d{2}):?(?:(\d{2})(?:\.(\d{1,9}))?)?)?(?:[+-]\d{4})?$/.exec(written) ?? [];
  if (!isWithin(hour, 0, 23) || !isWithin(minute, 0, 59) || !isWithin(second, 0, 59)) return undefined;
  return `${hour}:${minute}:${second}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** The offset that a time is written with. */
export function writtenOffset(written: string): string | undefined {
  const match = HL7.exec(written) ?? ISO.exec(written);
  const offset = match ? offsetOf(match, written) : undefined;
  return offset !== undefined && isOffset(offset) ? offset : undefined;
}

function offsetOf(match: RegExpExecArray, written: string): string | undefined {
  const [, , , , , , , , sign, hours, minutes] = match;
  if (sign !== undefined) return `${sign}${hours}:${minutes}`;
  return written.endsWith('Z') ? '+00:00' : undefined;
}

function isOffset(offset: string): boolean {
  return Number(offset.slice(1, 3)) <= 14 && Number(offset.slice(4, 6)) <= 59;
}

/** The zone's offset at a time of its wall clock; of a time the clock shows twice, the first. */
function localOffset(time: string, { timeZone, offsets }: Clock): string {
  const minute = time.slice(0, 'YYYY-MM-DDThh:mm'.length);
  const known = offsets.get(minute) ?? Temporal.PlainDateTime.from(minute).toZonedDateTime(timeZone).offset;
  offsets.set(minute, known);
  return known;
}

/** Clinical systems write 0000 and 9999 for want of a date. */
function isYear(year: string): boolean {
  return isWithin(year, 1900, 2199);
}

function isWithin(digits: string, least: number, most: number): boolean {
  const value = digits === '' ? Number.NaN : Number(digits);
  return value >= least && value <= most;
}

function lastDay(year: number, month: number): number {
  const isLeap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (DAYS[month - 1] ?? 0) + Number(isLeap);
}
