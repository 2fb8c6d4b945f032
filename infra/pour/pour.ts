import { readFile } from 'node:fs/promises';

import { isOutcome, readAcknowledgments, readOutcome, readProblem, type Told } from './answers.ts';
import type { Pourable } from './files.ts';
import type { Answer, Send } from './send.ts';

/** What became of one file. */
export type Poured = {
  readonly file: string;
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
      if (file) poured[index] = outcomeOf(file, await send(file, await readFile(file.path)));
      onProgress?.((done += 1));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return poured.filter((each) => each !== undefined);
}

function outcomeOf({ name, mediaType }: Pourable, answer: Answer | undefined): Poured {
  if (!answer) return { file: name, told: [], problem: 'no answer' };
  const { status, text } = answer;
  if (mediaType === 'application/fhir+json' && isOutcome(text))
    return { file: name, told: [readOutcome(status, text)] };
  if (status >= 300) return { file: name, told: [], problem: readProblem(status, text) };
  return { file: name, told: readAcknowledgments(text) };
}
