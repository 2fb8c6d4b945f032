import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../../../shared/errors.ts';
import { isObject, type Json } from './json.ts';

type Operation = (document: Json, patch: Patch) => Json;
type Patch = { op: string; path: string; from?: string; value?: Json };

const operations: Record<string, Operation> = {
  add: (document, { path, value = null }) => add(document, parsePointer(path), value),
  remove: (document, { path }) => remove(document, parsePointer(path)),
  replace: (document, { path, value = null }) => replace(document, parsePointer(path), value),
  move: (document, { path, from = '' }) => {
    const moved = read(document, parsePointer(from));
    return add(remove(document, parsePointer(from)), parsePointer(path), moved);
  },
  copy: (document, { path, from = '' }) =>
    add(document, parsePointer(path), structuredClone(read(document, parsePointer(from)))),
  test: (document, { path, value = null }) => {
    if (isDeepStrictEqual(read(document, parsePointer(path)), value)) return document;
    throw refuse(path, 'the test found another value');
  },
};

/** Applies a JSON Patch (RFC 6902) and answers the changed copy. Throws `invalid-input` where the patch does not fit. */
export function applyJsonPatch(document: Json, patches: readonly Json[]): Json {
  return patches.reduce<Json>((current, patch) => {
    const checked = parsePatch(patch);
    const operation = operations[checked.op];
    if (!operation) throw refuse(checked.path, `there is no operation "${checked.op}"`);
    return operation(current, checked);
  }, structuredClone(document));
}

function parsePatch(patch: Json): Patch {
  if (!isObject(patch) || typeof patch.op !== 'string' || typeof patch.path !== 'string') {
    throw new AppError('invalid-input', `not an operation of a JSON Patch: ${JSON.stringify(patch)}`);
  }
  const needsValue = ['add', 'replace', 'test'].includes(patch.op);
  if (needsValue && patch.value === undefined) throw refuse(patch.path, `"${patch.op}" needs a value`);
  const needsFrom = ['move', 'copy'].includes(patch.op);
  if (needsFrom && typeof patch.from !== 'string') throw refuse(patch.path, `"${patch.op}" needs a from`);
  return {
    op: patch.op,
    path: patch.path,
    ...(typeof patch.from === 'string' && { from: patch.from }),
    ...(patch.value !== undefined && { value: structuredClone(patch.value) }),
  };
}

function parsePointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw refuse(pointer, 'a JSON Pointer begins with "/"');
  const tokens = pointer.slice(1).split('/');
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: Json, path: string[]): Json {
  return path.reduce<Json>((here, key) => {
    const found = Array.isArray(here)
      ? here[listIndex(here.length - 1, key, path)]
      : isObject(here)
        ? here[key]
        : undefined;
    if (found === undefined) throw refuse(path, 'there is nothing');
    return found;
  }, document);
}

function add(document: Json, path: string[], value: Json): Json {
  const key = path.at(-1);
  if (key === undefined) return value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    parent.splice(key === '-' ? parent.length : listIndex(parent.length, key, path), 0, value);
  } else if (isObject(parent)) {
    parent[key] = value;
  } else {
    throw refuse(path, 'its parent holds no members');
  }
  return document;
}

function remove(document: Json, path: string[]): Json {
  const key = path.at(-1);
  if (key === undefined) throw refuse(path, 'the whole document cannot be removed');
  read(document, path);
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (isObject(parent)) delete parent[key];
  return document;
}

function replace(document: Json, path: string[], value: Json): Json {
  return path.length === 0 ? value : add(remove(document, path), path, value);
}

function listIndex(last: number, key: string, path: string[]): number {
  const index = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : Infinity;
  if (index > last) throw refuse(path, `"${key}" is no place in the list`);
  return index;
}

function refuse(path: string | string[], reason: string): AppError {
  const pointer = typeof path === 'string' ? path : `/${path.join('/')}`;
  return new AppError('invalid-input', `JSON Patch at "${pointer}": ${reason}`);
}
