/** `npm run bench [-- --only bitmap,booking] [--json FILE] [--rows 10000000]`: each figure beside its floor, measured in one run. */
import { readdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { type Area, compare, type Options, type Outcome } from './bench.ts';
import { heading, line } from './table.ts';

const SUFFIX = '.bench.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, json: { type: 'string' }, rows: { type: 'string' } },
});
const found = (await readdir(import.meta.dirname)).filter((file) => file.endsWith(SUFFIX)).map(nameOf);
const wanted = values.only?.split(',') ?? found.toSorted();
const unknown = wanted.filter((name) => !found.includes(name));
if (unknown.length > 0) throw new Error(`No such area: ${unknown.join(', ')}. There are ${found.join(', ')}.`);

const rows = values.rows === undefined ? undefined : Number(values.rows);
if (rows !== undefined && !(Number.isSafeInteger(rows) && rows > 0)) throw new Error('--rows is a number of bookings.');
const options: Options = rows === undefined ? {} : { rows };

const areas: Record<string, Outcome[]> = {};
for (const name of wanted) {
  const outcomes: Outcome[] = (areas[name] = []);
  console.log(heading(name));
  const { run }: { run: Area } = await import(join(import.meta.dirname, name + SUFFIX));
  await run(async (title, comparison) => {
    const outcome = await compare(title, comparison);
    console.log(line(outcome));
    outcomes.push(outcome);
    return outcome;
  }, options);
}
if (values.json !== undefined) {
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
  await writeFile(values.json, `${JSON.stringify({ machine, areas }, undefined, 2)}\n`);
}

function nameOf(file: string): string {
  return file.slice(0, -SUFFIX.length);
}
