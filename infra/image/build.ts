import { writeFile } from 'node:fs/promises';

import { bundleFunctions } from './bundle.ts';
import { warmCompileCache } from './warm.ts';

/** The image names its function by its argument, as the manifests' `args` do. */
const LAUNCHER = `await import(\`./\${process.argv[2]}/main.mjs\`);\n`;

/** `build.ts <dir>` makes what the image holds: every function's bundle, the launcher, and the compile cache. */
const [, , appDir = 'dist'] = process.argv;
await bundleFunctions(appDir);
await writeFile(`${appDir}/main.mjs`, LAUNCHER);
await warmCompileCache(appDir, `${appDir}/compile-cache`);
process.stdout.write(`The functions are in ${appDir}; serve one with: node ${appDir}/main.mjs booking\n`);
