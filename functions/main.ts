import { run } from './run.ts';
import { isWorkload, loadSettings, loadWorkload, workloads } from './workloads.ts';

/** `main.ts <function>` serves one function from its sources. */
const name = process.argv[2] ?? '';
if (isWorkload(name)) {
  await run(name, await loadSettings(name), async () => loadWorkload(name));
} else {
  console.error(`Name a function to serve: ${workloads.join(', ')}`);
  process.exitCode = 1;
}
