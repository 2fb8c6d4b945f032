import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Hl7Message } from '@medplum/core';

import { toBundle } from '../../shared/fhir/diagnostic-report.ts';
import { readBundle } from '../../shared/fhir/read-bundle.ts';
import { type ParsedMessage, readMessages } from '../../shared/hl7/read-messages.ts';
import type { Area, Bench } from './bench.ts';

const ROUNDS = 9;
const SECONDS = 0.5;
/** What intake has to read and map, on one core. */
const MESSAGES_PER_SECOND = 2_000;
const RESULTS = 20;

const fixtures = join(import.meta.dirname, '../fixtures/hl7');
const timeZone = 'Europe/Paris';

export const run: Area = async (bench) => {
  await benchReading(bench, 'a panel of 20 results', [Buffer.from(panel())]);
  await benchReading(bench, 'the fixtures, in turn', everyFixture());
  await benchFhir(bench);
};

async function benchReading(bench: Bench, name: string, messages: readonly Buffer[]): Promise<void> {
  const texts = messages.map((bytes) => bytes.toString());
  const ours = () => rate(messages, (bytes) => readMessages(bytes, { timeZone }));
  // Warm, so that neither has what the other compiles for it.
  for (let round = 0; round < 3; round += 1) ours();
  await bench(`${name}: bytes to model, against parsing alone`, {
    unit: 'messages/s',
    rounds: ROUNDS,
    ours,
    floor: () => rate(texts, parseAlone),
  });
  await bench(`${name}: bytes to model, against what is asked`, {
    unit: 'messages/s',
    rounds: ROUNDS,
    ours,
    floor: () => MESSAGES_PER_SECOND,
    target: { atLeast: 1 },
  });
}

/** What `@medplum/core` does before anybody asks for a field, and then each field of each segment. */
function parseAlone(text: string): unknown {
  return Hl7Message.parse(text).segments.map(({ fields }) => fields.length);
}

async function benchFhir(bench: Bench): Promise<void> {
  const [message] = readMessages(Buffer.from(panel()), { timeZone });
  if (message?.outcome !== 'parsed') throw new Error('The panel is not parsed');
  const text = JSON.stringify({ ...bundleOf(message), id: 'bundle' });
  await bench('a panel of 20 results: model to FHIR, against JSON.stringify', {
    unit: 'reports/s',
    rounds: ROUNDS,
    ours: () => rate([message], (each) => JSON.stringify(bundleOf(each))),
    floor: () => rate([JSON.parse(text)], (bundle) => JSON.stringify(bundle)),
  });
  await bench('a panel of 20 results: FHIR to model, against JSON.parse', {
    unit: 'bundles/s',
    rounds: ROUNDS,
    ours: () => rate([text], (each) => readBundle(each, { sender: 'bench' })),
    floor: () => rate([text], (each) => JSON.parse(each)),
  });
}

function bundleOf({ message: { reports } }: ParsedMessage) {
  const placed = reports.map((report, index) => ({
    report,
    id: `report-${index}`,
    patientId: 'patient',
    observationIds: report.observations.map((_, of) => `observation-${index}-${of}`),
  }));
  return toBundle('collection', placed);
}

/** How many in a second of one core's time, its garbage collection among it: what others do on the machine does not count. */
function rate<Item>(items: readonly Item[], work: (item: Item) => unknown): number {
  const before = process.cpuUsage();
  const endsAt = performance.now() + SECONDS * 1_000;
  let done = 0;
  while (performance.now() < endsAt)
    for (const item of items) {
      work(item);
      done += 1;
    }
  const { user, system } = process.cpuUsage(before);
  return done / ((user + system) / 1_000_000);
}

/** Those that hold one message that can be parsed in either way. */
function everyFixture(): Buffer[] {
  const names = readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.hl7'));
  const messages = names.map((name) => readFileSync(join(fixtures, name)));
  return messages.filter((bytes) => {
    const [read, another] = readMessages(bytes, { timeZone });
    return read?.outcome === 'parsed' && !another && bytes.toString().startsWith('MSH');
  });
}

function panel(): string {
  const results = Array.from({ length: RESULTS }, (_, index) =>
    [
      `OBX|${index + 1}|NM|${2_000 + index}-7^Analyte ${index}^LN^A${index}^Analyse ${index}^L||${index}.50`,
      'mmol/L^millimole per liter^UCUM|3.5-5.1|N|||F|||20260309080000|||||20260309095500+0100',
    ].join('|'),
  );
  return [
    'MSH|^~\\&|BENCH-LIS|BENCH-LABO|CAREFLOW|FR|20260309103000||ORU^R01^ORU_R01|BENCH-1|P|2.5.1',
    'PID|1||700123^^^BENCH-LABO^MR~280^^^INS^NI||Delatour^Odile||19800412|F',
    'ORC|RE|CF-1|F-1|||||||||10101234567^Garance^Amandine^^^^^^RPPS',
    'OBR|1|CF-1|F-1|24323-8^Panel^LN|||20260309080000|||||||||10101234567^Garance||||||20260309101500||CH|F',
    ...results,
    'SPM|1|CF-S1^7001234||119364003^Serum^SCT|||||||||||||20260309080000',
  ].join('\r');
}
