import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { asyncApi, dataSchema } from './asyncapi.ts';
import { events, operations } from './contracts.ts';
import { eventTypes } from './event-types.ts';
import { openApi } from './openapi.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCHEMAS = 'schemas/generated';

/** Every generated file by its path from the root. */
function generated(): Map<string, string> {
  return new Map([
    [`${SCHEMAS}/openapi.json`, json(openApi(operations))],
    [`${SCHEMAS}/asyncapi.json`, json(asyncApi(events))],
    ...events.map((event): [string, string] => [`${SCHEMAS}/events/${event.type}.json`, json(dataSchema(event))]),
    ['knative/base/event-types.yaml', eventTypes(events)],
  ]);
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

async function write(files: ReadonlyMap<string, string>): Promise<void> {
  await rm(join(ROOT, SCHEMAS), { recursive: true, force: true });
  for (const [path, content] of files) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true });
    await writeFile(join(ROOT, path), content);
  }
}

async function stale(files: ReadonlyMap<string, string>): Promise<string[]> {
  const checks = [...files].map(async ([path, content]) => {
    const committed = await readFile(join(ROOT, path), 'utf8').catch(() => undefined);
    return committed === content ? [] : [path];
  });
  return (await Promise.all(checks)).flat();
}

const files = generated();
if (process.argv.includes('--check')) {
  const outdated = await stale(files);
  if (outdated.length > 0) {
    process.stderr.write(`These differ from the contracts; run \`npm run contracts\`:\n  ${outdated.join('\n  ')}\n`);
    process.exitCode = 1;
  }
} else {
  await write(files);
  process.stdout.write(`${files.size} files written from the contracts.\n`);
}
