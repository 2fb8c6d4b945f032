/** `npm run pour -- DIR [--country fr]`: sends a folder of laboratory results to the running platform. */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';

import { SingleBar } from 'cli-progress';

import { explain } from '../explain.ts';
import { requestToken } from '../local/oidc/request-token.ts';
import { tokenSeconds } from '../local/oidc/sample-access.ts';
import { type Platform, readPlatform } from '../local/platform-file.ts';
import { listPourable, type Pourable } from './files.ts';
import { pour, type Poured } from './pour.ts';
import { isAllTaken, pouredText, setAsideText } from './report.ts';
import { createSender } from './send.ts';
import { listQuarantined, listUnmapped, settle } from './set-aside.ts';

const usage = `Sends a folder of laboratory results to the running platform, and says what became of each.

  npm run pour -- DIR [--country fr] [--concurrency 8]

  DIR            every .hl7, .er7 and .txt in it as HL7 v2, every .json as a FHIR R4 bundle, folders in it too
  --country      where the laboratory is, as two letters
  --concurrency  how many files are on their way at a time; with 1 they arrive in the order of their names

It ends with 1 where anything was refused or not answered.
`;

/** How long one file is tried, and how long is waited until the last message has been seen to. */
const DEADLINE_MS = 60_000;

type Arguments = { readonly folder: string; readonly country: string; readonly concurrency: number };

async function main(args: string[]): Promise<void> {
  const { folder, country, concurrency } = readArguments(args);
  const files = await listPourable(folder);
  if (files.length === 0) throw new Error(`There is nothing to pour in ${folder}.`);
  const platform = await readPlatform();
  const token = rememberToken(platform, 'system');
  const send = createSender({ gateway: platform.gateway, country, token, deadlineMs: DEADLINE_MS });
  const startedAt = performance.now();
  const since = Temporal.Now.instant();
  const poured = await withBar(files, (control) => pour(files, { send, concurrency, ...control }));
  print(pouredText(poured, (performance.now() - startedAt) / 1_000));
  await tellSetAside(platform, { country, poured, since });
  if (poured.length < files.length || !isAllTaken(poured)) process.exitCode = 1;
}

type Since = { readonly country: string; readonly poured: readonly Poured[]; readonly since: Temporal.Instant };

/** What was taken is seen to after it was acknowledged: this waits for that. */
async function tellSetAside(platform: Platform, { country, poured, since }: Since): Promise<void> {
  const databaseUrl = platform.environment['DATABASE_URL_LABORATORY'];
  const left = databaseUrl === undefined ? 0 : await settle(databaseUrl, since, DEADLINE_MS);
  if (left > 0) print(`\n${left} messages have not been seen to yet.`);
  const manager = { gateway: platform.gateway, country, token: rememberToken(platform, 'admin') };
  const all = await listQuarantined(manager);
  const quarantined = all.filter(({ receivedAt }) => Temporal.Instant.compare(receivedAt, since) >= 0);
  const text = setAsideText(poured, { quarantined, unmapped: await listUnmapped(manager) });
  if (text !== '') print(text);
}

type Control = { readonly onProgress: (done: number) => void; readonly signal: AbortSignal };

/** Shows how far it is; an interruption lets what is on its way arrive. */
async function withBar<Result>(
  files: readonly Pourable[],
  work: (control: Control) => Promise<Result>,
): Promise<Result> {
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  process.once('SIGTERM', () => stopping.abort());
  const bar = new SingleBar({
    format: 'Pouring {bar} {value}/{total}, {eta_formatted} to go',
    fps: 4,
    noTTYOutput: true,
    notTTYSchedule: 5_000,
  });
  bar.start(files.length, 0);
  try {
    return await work({ onProgress: (done) => bar.update(done), signal: stopping.signal });
  } finally {
    bar.stop();
  }
}

/** Asks for a new one before the last one expires. */
function rememberToken({ oidc }: Platform, role: 'system' | 'admin'): () => Promise<string> {
  const subject = `pour-${randomUUID()}`;
  let current: { readonly token: Promise<string>; readonly untilMs: number } | undefined;
  return () => {
    if (!current || current.untilMs < performance.now())
      current = { token: requestToken(oidc, { role, subject }), untilMs: performance.now() + tokenSeconds * 500 };
    return current.token;
  };
}

function readArguments(args: string[]): Arguments {
  const options = {
    country: { type: 'string', default: 'fr' },
    concurrency: { type: 'string', default: '8' },
  } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [folder, ...others] = positionals;
  const concurrency = Number(values.concurrency);
  if (folder === undefined || others.length > 0) throw new TypeError('Name one folder.');
  if (!/^[a-z]{2}$/.test(values.country)) throw new TypeError('--country takes two letters, as in --country fr.');
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 64)
    throw new TypeError('--concurrency takes a whole number from 1 to 64.');
  return { folder, country: values.country, concurrency };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = 1;
  console.error(explain(error, usage));
}
