import { join } from 'node:path';

import { findExecutable, runCommand } from './command.ts';
import { MissingRequirement } from './missing-requirement.ts';

/** What Kafka's brokers ask for. */
const OLDEST = 17;

/** The Java that JAVA_HOME or PATH names. Throws MissingRequirement where there is none, or one that is too old. */
export async function findJava(): Promise<string> {
  const home = process.env['JAVA_HOME'];
  const java = home ? join(home, 'bin', 'java') : await findExecutable('java');
  const version = java && (await runCommand(java, ['-version']).catch(() => undefined));
  if (!java || version === undefined) throw missing('there is no Java');
  const major = Number(/version "(?:1\.)?(\d+)/.exec(version)?.[1] ?? 0);
  if (major < OLDEST) throw missing(`Java ${major} is too old`);
  return java;
}

function missing(what: string): MissingRequirement {
  return new MissingRequirement(
    `${what} for Kafka`,
    `install Java ${OLDEST} or newer and Maven (apt-get install openjdk-${OLDEST}-jre-headless maven), or set EVENT_LOG_URL`,
  );
}
