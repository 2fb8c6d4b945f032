import { http } from '@google-cloud/functions-framework';

import { frameworkDoor } from '../../../shared/runtime/framework-door.ts';
import { sampleFunction } from './sample-function.ts';

const behindFramework = frameworkDoor(process.env);
http(
  'notes',
  behindFramework('notes', async () => async () => sampleFunction()),
);
