import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { careflowHome } from '../../../support/services/careflow-home.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** A home without data, in which Kafka's jars are there already. */
export async function servicesHome(): Promise<string> {
  const home = await temporaryFolder();
  await mkdir(join(home, 'kafka'));
  await symlink(join(careflowHome(), 'kafka', 'libs'), join(home, 'kafka', 'libs'));
  return home;
}
