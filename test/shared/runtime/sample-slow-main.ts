import { once } from 'node:events';

import { serve } from '../../../shared/runtime/serve.ts';
import { readSettings } from '../../../shared/runtime/settings.ts';
import { sampleFunction } from './sample-function.ts';

const told = once(process, 'SIGCONT');
const open = async () => {
  await told;
  if (process.env['FAILS'] === 'true') throw new Error('it cannot be opened');
  return sampleFunction();
};
await serve(open, readSettings('notes', process.env));
