import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { LabObservation } from '../../../shared/domain/lab-report.ts';
import { type ParsedMessage, type ReadMessage, readMessages } from '../../../shared/hl7/read-messages.ts';

const folder = join(import.meta.dirname, '../../fixtures/hl7');

export const paris = { timeZone: 'Europe/Paris' };

/** Paths beneath the fixtures, or one of their folders. */
export function fixtureNames(under = ''): string[] {
  const names = readdirSync(join(folder, under), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.hl7'))
    .map((name) => join(under, name))
    .toSorted();
}

export function fixtureBytes(name: string): Buffer {
  return readFileSync(join(folder, name.endsWith('.hl7') ? name : `${name}.hl7`));
}

export function readFixture(name: string): ReadMessage[] {
  return readMessages(fixtureBytes(name), paris);
}

/** The one message of a fixture; throws where it is refused. */
export function parsedFixture(name: string): ParsedMessage {
  const [read] = readFixture(name);
  if (read?.outcome !== 'parsed') throw new Error(`${name} was not parsed`);
  return read;
}

/** Every observation of a fixture's one message. */
export function observationsOf(name: string): LabObservation[] {
  return parsedFixture(name).message.reports.flatMap(({ observations }) => observations);
}
