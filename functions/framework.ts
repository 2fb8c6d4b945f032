import { http } from '@google-cloud/functions-framework';

import { frameworkDoor } from '../shared/runtime/framework-door.ts';
import { loadWorkload, workloads } from './workloads.ts';

// Every function by name, for functions-framework's CLI and the platforms that host it:
//   functions-framework --source functions/framework.ts --target booking
const behindFramework = frameworkDoor(process.env);
for (const name of workloads)
  http(
    name,
    behindFramework(name, async () => loadWorkload(name)),
  );
