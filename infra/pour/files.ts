import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';

export type Pourable = {
  /** Beneath the folder. */
  readonly name: string;
  readonly path: string;
  readonly mediaType: 'application/hl7-v2' | 'application/fhir+json';
};

const mediaTypes: Readonly<Record<string, Pourable['mediaType']>> = {
  '.hl7': 'application/hl7-v2',
  '.er7': 'application/hl7-v2',
  '.txt': 'application/hl7-v2',
  '.json': 'application/fhir+json',
};

/** The files of a folder and of those in it that a laboratory may have written, by name. */
export async function listPourable(folder: string): Promise<Pourable[]> {
  const names = await readdir(folder, { recursive: true });
  return names.toSorted().flatMap((name) => {
    const mediaType = mediaTypes[extname(name).toLowerCase()];
    return mediaType ? [{ name, path: join(folder, name), mediaType }] : [];
  });
}
