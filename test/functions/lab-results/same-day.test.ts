import { readdir, readFile } from 'node:fs/promises';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bearer, codesIn, type Lab, openLab, oru } from './world.ts';

const staff = bearer('staff', 'staff');
const FIXTURES = new URL('../../fixtures/hl7/', import.meta.url);
/** What came in is told apart from what is so: when a message arrived, and what was decided meanwhile, is of the former. */
const STATE = ['reports', 'report_versions', 'observations', 'observation_versions', 'documents', 'local_codes'];

/** The people of the fixtures and of the made-up day, under ids that are the same in every laboratory. */
const people = [
  { authority: 'CAREFLOW', mrn: 'FR-000001', birthDate: '1993-07-06', id: '00000000-0000-4000-8000-000000000001' },
  { authority: 'CLINIC', mrn: 'day-1', birthDate: '1985-04-12', id: '00000000-0000-4000-8000-000000000002' },
  { authority: 'CLINIC', mrn: 'day-2', birthDate: '1985-04-12', id: '00000000-0000-4000-8000-000000000003' },
];

/** Who orders on the made-up day. */
const practitioners = ['00000000-0000-4000-8000-000000000011', '00000000-0000-4000-8000-000000000012'];

const opened: Lab[] = [];
let fixtures: readonly string[];
beforeAll(async () => {
  fixtures = await readFixtures();
});
afterAll(async () => {
  await Promise.all(opened.map((lab) => lab.close()));
});

async function openDay(): Promise<Lab> {
  const lab = await openLab();
  opened.push(lab);
  for (const { authority, mrn, birthDate, id } of people) {
    await lab.rows(
      `INSERT INTO patient.patients (id, country_code, given_name, family_name, birth_date, sex, time_zone)
       VALUES ($1, 'fr', 'A', 'B', $2, 'female', 'Europe/Paris')`,
      [id, birthDate],
    );
    await lab.rows('INSERT INTO patient.identifiers VALUES ($1, $2, $3)', [authority, mrn, id]);
  }
  for (const id of practitioners) {
    const practitionerId = await lab.addPractitioner();
    await lab.rows('DELETE FROM practitioner.visit_types WHERE practitioner_id = $1', [practitionerId]);
    await lab.rows('DELETE FROM practitioner.working_hours WHERE practitioner_id = $1', [practitionerId]);
    await lab.rows('UPDATE practitioner.practitioners SET id = $1 WHERE id = $2', [id, practitionerId]);
  }
  return lab;
}

/** Every fixture that is one message, but for those that use a number again: of these the first to come is the one that counts. */
async function readFixtures(): Promise<string[]> {
  const names = (await readdir(FIXTURES, { recursive: true })).filter((name) => name.endsWith('.hl7'));
  const single = names.filter((name) => !/control-id|acknowledgments|refused|batch|two-|utf-16|latin/.test(name));
  return Promise.all(single.toSorted().map(async (name) => readFile(new URL(name, FIXTURES), 'utf8')));
}

type Line = {
  order: number;
  version: number;
  status: string;
  value: number;
  flag: string;
  patient: number;
  late: boolean;
  section: string;
  orderedBy: string;
  service: string;
  observedAt: string;
  method: string;
  type: string;
};

/** A message of a made-up day: few orders, so that many messages speak of one. */
function messageOf(
  { order, version, status, value, flag, patient, late, section, orderedBy, service, ...told }: Line,
  number: number,
): string {
  const changedAt = `2031030310${String(10 + version)}00+0100`;
  const panel = [
    { value: `${value}.${version}`, status, flag, ...told },
    ...(late ? [{ code: '2951-2^Sodium^LN', value: '140', status: 'F', ...told }] : []),
    { code: 'ZZ^Local^L', value: String(value), status },
  ];
  const pdf = {
    type: 'ED',
    code: 'PDF^Report^L',
    value: `^application^pdf^Base64^${btoa(`%PDF ${version}`)}`,
    unit: '',
  };
  return oru({
    controlId: `D-${number}`,
    mrn: `day-${patient}`,
    order: `order-${patient}-${order}`,
    reportStatus: status === 'P' ? 'P' : 'F',
    changedAt,
    section,
    orderedBy,
    service,
    observations: version % 3 === 0 ? [...panel, pdf] : panel,
  });
}

const line = fc.record({
  order: fc.integer({ min: 1, max: 3 }),
  version: fc.integer({ min: 0, max: 9 }),
  status: fc.constantFrom('P', 'F', 'C', 'W', 'X', 'I'),
  value: fc.integer({ min: 3, max: 7 }),
  flag: fc.constantFrom('', 'H', 'HH'),
  patient: fc.integer({ min: 1, max: 2 }),
  late: fc.boolean(),
  section: fc.constantFrom('CH', 'VR', ''),
  orderedBy: fc.constantFrom('', ...practitioners),
  service: fc.constantFrom('LYTES^Electrolytes^L', 'BMP^Metabolic^L'),
  observedAt: fc.constantFrom('', '20310303080000+0100', '20310303090000+0100'),
  method: fc.constantFrom('', 'ISE', 'FP'),
  type: fc.constantFrom('NM', 'ST'),
});

async function pour(lab: Lab, messages: readonly string[]): Promise<void> {
  for (const message of messages) {
    expect(['AA', 'CA', '']).toContain(codesIn(await lab.send(message))[0] ?? '');
    await lab.drain();
  }
}

/** Every row of what is so, and everything that is read, as text. */
async function stateOf(lab: Lab): Promise<string> {
  const parts: string[] = [];
  for (const table of STATE) {
    const rows = await lab.rows<{ row: string }>(`SELECT t::text AS row FROM laboratory.${table} t`);
    parts.push(
      `${table}\n${rows
        .map(({ row }) => row)
        .toSorted()
        .join('\n')}`,
    );
  }
  for (const { id } of people) {
    for (const as of [staff, bearer('patient', id)]) {
      for (const accept of ['application/json', 'application/fhir+json']) {
        const path = `/fr/patients/${id}/results?limit=100`;
        parts.push((await lab.call('GET', path, as, { headers: { accept } })).payload);
      }
    }
  }
  const alerts = (await lab.call('GET', '/fr/critical-results?limit=100', staff)).json();
  const open = alerts.items.map((alert: { observationId: string }) => alert.observationId);
  return [...parts, ...open.toSorted()].join('\n\n');
}

function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const [mixed = []] = fc.sample(fc.shuffledSubarray([...items], { minLength: items.length }), { numRuns: 1, seed });
  return mixed;
}

describe('a day of messages', () => {
  it('poured twice in random order ends in the same state, byte for byte, as poured once in order', async () => {
    const day = [...fixtures, ...fc.sample(line, { numRuns: 60, seed: 20310303 }).map(messageOf)];
    expect(fixtures.length).toBeGreaterThan(40);
    const once = await openDay();
    await pour(once, day);
    const expected = await stateOf(once);
    for (const { id } of people) expect((await once.results(id, staff)).length).toBeGreaterThan(2);
    expect(expected.length).toBeGreaterThan(100_000);
    const ordered = 'SELECT DISTINCT practitioner_id FROM laboratory.reports WHERE practitioner_id IS NOT NULL';
    expect(await once.rows(ordered)).toHaveLength(practitioners.length);
    for (const seed of [1, 2]) {
      const twice = await openDay();
      await pour(twice, shuffled([...day, ...day], seed));
      expect(await stateOf(twice)).toBe(expected);
    }
  }, 180_000);

  it('ends so too when all of it is delivered at once', async () => {
    const day = fc.sample(line, { numRuns: 30, seed: 7 }).map(messageOf);
    const once = await openDay();
    await pour(once, day);
    const atOnce = await openDay();
    for (const message of shuffled([...day, ...day], 3)) await atOnce.send(message);
    const delivered = await Promise.all(
      [...atOnce.log.records, ...atOnce.log.records].map((record) => atOnce.deliver(record)),
    );
    expect(new Set(delivered)).toEqual(new Set([204]));
    expect(await stateOf(atOnce)).toBe(await stateOf(once));
  }, 120_000);
});

describe('what a message said', () => {
  it('is read back as FHIR for every fixture: status, value, unit, range and interpretation', async () => {
    const lab = await openDay();
    await pour(lab, fixtures);
    const [known] = people;
    const accept = { headers: { accept: 'application/fhir+json' } };
    const bundle = (await lab.call('GET', `/fr/patients/${known?.id}/results?limit=100`, staff, accept)).json();
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    const stored = await lab.rows<{ id: string; content: Stored }>(
      'SELECT id, content FROM laboratory.observations WHERE patient_id = $1',
      [known?.id],
    );
    const resources: Record<string, FhirObservation> = Object.fromEntries(
      bundle.entry.map(({ resource }: { resource: FhirObservation }) => [resource.id, resource]),
    );
    expect(stored.length).toBeGreaterThan(40);
    const differing = stored.filter(({ id, content }) => !agrees(content, resources[id]));
    expect(differing).toEqual([]);
  }, 60_000);
});

type Stored = {
  status: string;
  interpretation: string[];
  ranges: { text: string }[];
  values: { type: string; number?: string; unit?: { ucum?: string } }[];
};
type FhirObservation = {
  id: string;
  status: string;
  interpretation?: { coding: { code: string }[] }[];
  referenceRange?: { text: string }[];
  valueQuantity?: { value: number; code?: string };
};

function agrees({ status, interpretation, ranges, values }: Stored, read: FhirObservation | undefined): boolean {
  const [value] = values;
  const isQuantity = values.length === 1 && value?.type === 'quantity';
  return (
    read?.status === status &&
    String(read.interpretation?.map(({ coding }) => coding[0]?.code) ?? []) === String(interpretation) &&
    String(read.referenceRange?.map(({ text }) => text) ?? []) === String(ranges.map(({ text }) => text)) &&
    (!isQuantity ||
      (read.valueQuantity?.value === Number(value.number) && read.valueQuantity.code === value.unit?.ucum))
  );
}
