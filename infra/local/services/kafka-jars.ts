import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findExecutable, runCommand } from './command.ts';
import { MissingRequirement } from './missing-requirement.ts';

const POM = fileURLToPath(new URL('../../kafka/pom.xml', import.meta.url));

/** Names the pom that the jars beside it were made from. */
const STAMP = 'made-from.sha256';

/**
 * Resolves to the folder with Kafka's jars, having them fetched by Maven when they are not there or the pom has changed.
 * Throws MissingRequirement where they cannot be had.
 */
export async function kafkaJars(libs: string, onProgress?: (what: string) => void): Promise<string> {
  const wanted = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex');
  if ((await stampOf(libs)) === wanted) return libs;
  onProgress?.('fetching Kafka from Maven Central, once');
  const unfinished = `${libs}.${process.pid}`;
  await fetchJars(unfinished);
  await writeFile(join(unfinished, STAMP), wanted);
  await replace(libs, unfinished, wanted);
  return libs;
}

async function stampOf(libs: string): Promise<string | undefined> {
  return readFile(join(libs, STAMP), 'utf8').catch(() => undefined);
}

async function fetchJars(folder: string): Promise<void> {
  const maven = await findExecutable('mvn');
  if (maven === undefined) {
    throw new MissingRequirement(
      'there is no Maven to fetch Kafka with',
      'install it (apt-get install maven), or set EVENT_LOG_URL',
    );
  }
  await mkdir(dirname(folder), { recursive: true });
  try {
    await runCommand(
      maven,
      ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`, '-DincludeScope=runtime'],
      { timeoutMs: 10 * 60_000 },
    );
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw new MissingRequirement(
      'Kafka could not be fetched from Maven Central',
      `see to the network or ~/.m2/settings.xml (mvn -f ${POM} dependency:copy-dependencies tells more), or set EVENT_LOG_URL`,
      { cause },
    );
  }
}

/** Two who fetch at once do no harm: the second finds what it was about to put there. */
async function replace(libs: string, finished: string, wanted: string): Promise<void> {
  if ((await stampOf(libs)) !== wanted) await rm(libs, { recursive: true, force: true });
  await rename(finished, libs).catch(async (error: unknown) => {
    await rm(finished, { recursive: true, force: true });
    if ((await stampOf(libs)) !== wanted) throw error;
  });
}
