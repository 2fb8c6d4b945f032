/** `npm run seed`: makes sample practitioners and patients. */
import { parseArgs } from 'node:util';

import { SingleBar } from 'cli-progress';

import { explain } from '../explain.ts';
import { findPlatform } from '../local/platform-file.ts';
import { countryCodes } from './country.ts';
import { PATIENTS, PRACTITIONERS, seed, type SeedUrls } from './seed.ts';

const usage = `Makes sample practitioners and patients, or brings those that are there up to date.

  npm run seed -- [--practitioners ${PRACTITIONERS}] [--patients ${PATIENTS}]

  --practitioners  how many in each country
  --patients       how many in each country

It writes to the running local platform, or to the databases that DATABASE_URL_PRACTITIONER and DATABASE_URL_PATIENT name,
with test kits where DATABASE_URL_HOMEKIT names one too, and with a clinician on duty where DATABASE_URL_LABORATORY does.
`;

async function main(args: string[]): Promise<void> {
  const counts = readCounts(args);
  const urls = await findUrls();
  const bar = new SingleBar({ format: 'Seeding {bar} {value}/{total}, {eta_formatted} to go', fps: 4 });
  bar.start(1, 0);
  try {
    await seed(urls, {
      ...counts,
      onProgress: (done, all) => {
        bar.setTotal(all);
        bar.update(done);
      },
    });
  } finally {
    bar.stop();
  }
  console.log(
    `In each of ${countryCodes.join(' and ')}: ${counts.practitioners} practitioners, ${counts.patients} patients.`,
  );
}

function readCounts(args: string[]): { practitioners: number; patients: number } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args, options: { practitioners: text, patients: text } });
  return {
    practitioners: countOf('--practitioners', values.practitioners, PRACTITIONERS),
    patients: countOf('--patients', values.patients, PATIENTS),
  };
}

function countOf(name: string, text: string | undefined, fallback: number): number {
  const count = text === undefined ? fallback : Number(text);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new TypeError(`${name} takes a whole number.`);
}

async function findUrls(): Promise<SeedUrls> {
  const platform = await findPlatform();
  for (const environment of [process.env, platform?.environment]) {
    const DATABASE_URL_PRACTITIONER = environment?.['DATABASE_URL_PRACTITIONER'];
    const DATABASE_URL_PATIENT = environment?.['DATABASE_URL_PATIENT'];
    const DATABASE_URL_HOMEKIT = environment?.['DATABASE_URL_HOMEKIT'];
    const DATABASE_URL_LABORATORY = environment?.['DATABASE_URL_LABORATORY'];
    if (DATABASE_URL_PRACTITIONER && DATABASE_URL_PATIENT) {
      return { DATABASE_URL_PRACTITIONER, DATABASE_URL_PATIENT, DATABASE_URL_HOMEKIT, DATABASE_URL_LABORATORY };
    }
  }
  throw new Error(
    'There is no database to write to. Start the platform with `npm start` and try again, or set ' +
      'DATABASE_URL_PRACTITIONER and DATABASE_URL_PATIENT.',
  );
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(explain(error, usage));
  process.exitCode = 1;
}
