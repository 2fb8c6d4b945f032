import { readFile } from 'node:fs/promises';

import { readBundle } from '../../shared/fhir/read-bundle.ts';
import { readMessages } from '../../shared/hl7/read-messages.ts';
import { isOutcome, readAcknowledgments, readOutcome, readProblem, type Told } from './answers.ts';
import type { Pourable } from './files.ts';
import type { Answer, Send } from './send.ts';

/** What became of one file. */
export type Poured = {
  readonly file: string;
  /** What its messages are called by whoever wrote it. */
  readonly controlIds: readonly string[];
  readonly told: readonly Told[];
  /** Why nothing was said of its messages. */
  readonly problem?: string;
};

export type PourOptions = {
  readonly send: Send;
  /** How many files are on their way at a time. */
  readonly concurrency: number;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
};

/** Sends each file and resolves to what was said of it, in the order of the files; those after an abort are left out. */
export async function pour(files: readonly Pourable[], options: PourOptions): Promise<Poured[]> {
  const { send, concurrency, onProgress, signal } = options;
  const poured: Poured[] = [];
  let next = 0;
  let done = 0;
  const lane = async () => {
    for (let index = next++; index < files.length && !signal?.aborted; index = next++) {
      const file = files[index];
      if (file) poured[index] = await pourFile(file, send);
      onProgress?.((done += 1));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return poured.filter((each) => each !== undefined);
}

async function pourFile(file: Pourable, send: Send): Promise<Poured> {
  const bytes = await readFile(file.path);
  const controlIds = controlIdsIn(file, bytes);
  return { file: file.name, controlIds, ...outcomeOf(file, await send(file, bytes)) };
}

function outcomeOf({ mediaType }: Pourable, answer: Answer | undefined): Pick<Poured, 'told' | 'problem'> {
  if (!answer) return { told: [], problem: 'no answer' };
  const { status, text } = answer;
  if (mediaType === 'application/fhir+json' && isOutcome(text)) return { told: [readOutcome(status, text)] };
  if (status >= 300) return { told: [], problem: readProblem(status, text) };
  return { told: readAcknowledgments(text) };
}

function controlIdsIn({ mediaType }: Pourable, bytes: Uint8Array): string[] {
  if (mediaType === 'application/hl7-v2')
    return readMessages(bytes, { timeZone: 'UTC' }).flatMap(({ header }) => header?.controlId ?? []);
  const read = readBundle(Buffer.from(bytes).toString(), { sender: '' });
  return read.outcome === 'parsed' ? [read.message.controlId] : [];
}
