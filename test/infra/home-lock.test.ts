import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { lockHome } from '../../infra/local/home-lock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const home = await temporaryFolder();
const modulePath = fileURLToPath(new URL('../../infra/local/home-lock.ts', import.meta.url));

it('lets one process at a folder, until it is killed', async () => {
  const code = `const { lockHome } = await import(${JSON.stringify(modulePath)});
    await lockHome(${JSON.stringify(home)}); console.log('locked'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  await expect(lockHome(`${home}/.`)).rejects.toMatchObject({
    name: 'MissingRequirement',
    what: `Another process is at work on ${home}/.`,
  });
  await lockHome(await temporaryFolder());
  holder.kill('SIGKILL');
  const isFree = () =>
    lockHome(home).then(
      () => true,
      () => false,
    );
  await until(isFree, { what: 'the lock to be free' });
});
