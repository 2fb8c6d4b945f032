import { rm } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';

import { build, type Plugin, stop } from 'esbuild';

import { workloads } from '../../functions/workloads.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** CommonJS packages ask for `require`, which a bundled ES module does not have. */
const REQUIRE = "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);";

/** What Fastify loads only for features that are not used here, so that a cold start does not read it. */
const NEVER_LOADED = [
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
  'light-my-request',
  'pg-native',
];

/** What packages ask for as they load and use for features that are not used here, or seldom. */
const LOADED_AT_FIRST_USE = ['cluster', 'http2', 'https', 'semver', 'tls'];

/**
 * Bundles each function into `<outDir>/<function>/main.mjs`, which listens, with the function and what that loads only at
 * first use beside it: a cold start reads nothing of the other functions.
 */
export async function bundleFunctions(outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await Promise.all(workloads.map((workload) => bundle(workload, `${outDir}/${workload}`)));
  // The bundler is a process of its own and would stay as long as this one.
  await stop();
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
    mainFields: ['module', 'main'],
    minifyWhitespace: true,
    minifySyntax: true,
    // The licences of packages ask for their notices to come along.
    legalComments: 'linked',
    banner: { js: REQUIRE },
    external: NEVER_LOADED,
    plugins: [requiredBuiltins, loadedAtFirstUse],
    logLevel: 'warning',
  });
}

/**
 * Node's own modules by `require`: an `import` reads every export of theirs, getters too, and those of `node:http` load
 * the whole of `fetch`.
 */
const requiredBuiltins: Plugin = {
  name: 'required-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
      isBuiltin(path) && kind === 'import-statement' ? { path, namespace: 'builtin', sideEffects: false } : undefined,
    );
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

/** Gives who requires them a stand-in, which loads the module when the first of its members is read. */
const loadedAtFirstUse: Plugin = {
  name: 'loaded-at-first-use',
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: new RegExp(`^(node:)?(${LOADED_AT_FIRST_USE.join('|')})$`) },
      ({ path, kind, namespace, resolveDir }) =>
        kind === 'require-call' && namespace !== 'first-use'
          ? { path, namespace: 'first-use', pluginData: resolveDir }
          : undefined,
    );
    onLoad({ filter: /./, namespace: 'first-use' }, ({ path, pluginData: resolveDir }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, member) => require(${JSON.stringify(path)})[member] })`,
      resolveDir,
    }));
  },
};

function entryOf(workload: string): string {
  return `import { run } from './functions/run.ts';
import { settings } from './functions/${workload}/config.ts';
await run('${workload}', settings, async () => (await import('./functions/${workload}/index.ts')).open);`;
}
