import { defaultGrid, type Grid, gridFault } from '../domain/grid.ts';
import type { Setting } from './config.ts';

const ENTRY = /^([a-z]{2})=(\d{2}):(\d{2})\/(\d{1,3})x(\d{1,2})$/;
const FAULT =
  'is not a list of grids: give `fr=08:00/30x24 de=07:00/15x52` (country=first slot/minutes x slots), ends by midnight';

/** The grid of each country; one that is not named has the default of 24 slots of 30 minutes from 08:00. */
export function grids(): Setting<(country: string) => Grid> {
  return {
    fallback: () => defaultGrid,
    read: (raw) => {
      const entries = raw.trim().split(/\s+/).map(readEntry);
      if (entries.some((entry) => entry === undefined)) return { fault: FAULT };
      const byCountry = new Map(entries.filter((entry) => entry !== undefined));
      return { value: (country) => byCountry.get(country) ?? defaultGrid };
    },
  };
}

function readEntry(text: string): [string, Grid] | undefined {
  const [, country, hours, minutes, slotMinutes, slotsPerDay] = ENTRY.exec(text) ?? [];
  if (country === undefined) return undefined;
  const grid = {
    firstSlotMinute: Number(hours) * 60 + Number(minutes),
    slotMinutes: Number(slotMinutes),
    slotsPerDay: Number(slotsPerDay),
  };
  return gridFault(grid) === undefined ? [country, grid] : undefined;
}
