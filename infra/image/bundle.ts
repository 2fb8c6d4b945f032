import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { workloads } from '../../functions/workloads.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** CommonJS packages ask for `require`, which a bundled ES module does not have. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);";

/**
 * Bundles each function into `<outDir>/<function>/main.mjs`, with what it loads only at first use beside it: a cold start
 * reads one file and nothing of the other functions.
 */
export async function bundleFunctions(outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await Promise.all(workloads.map((workload) => bundle(workload, `${outDir}/${workload}`)));
}

async function bundle(workload: string, outdir: string): Promise<void> {
  await build({
    stdin: { contents: entryOf(workload), resolveDir: ROOT, loader: 'ts', sourcefile: `${workload}.ts` },
    outdir,
    entryNames: 'main',
    chunkNames: '[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    banner: { js: REQUIRE },
    external: ['pg-native'],
    logLevel: 'warning',
  });
}

function entryOf(workload: string): string {
  return `import { run } from './functions/run.ts';
import { open } from './functions/${workload}/index.ts';
await run('${workload}', open);`;
}
