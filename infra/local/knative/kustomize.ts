import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { AppError } from '../../../shared/errors.ts';
import { applyJsonPatch } from './json-patch.ts';
import { isObject, type Json, type JsonObject, textAt } from './json.ts';

/** A Kubernetes object as written: at least `apiVersion`, `kind` and `metadata.name`. */
export type Manifest = JsonObject;

type Target = { group?: string; version?: string; kind?: string; name?: string; namespace?: string };
type ImageRule = { name: string; newName?: string; newTag?: string; digest?: string };

const understood = new Set(['apiVersion', 'kind', 'resources', 'namespace', 'patches', 'images']);
const targetKeys = new Set(['group', 'version', 'kind', 'name', 'namespace']);
const imageKeys = new Set(['name', 'newName', 'newTag', 'digest']);

/** Kubernetes' own groups, whose lists kustomize merges by key; the rest are custom resources, whose lists are replaced. */
const builtInGroups = new Set(['', 'apps', 'batch', 'autoscaling', 'policy']);
const clusterScoped = /^(ClusterRole.*|CustomResourceDefinition|PersistentVolume|StorageClass|PriorityClass)$/;

/**
 * Renders a directory as `kustomize build` does, for the part of kustomize this project uses: resources, namespace,
 * images, and patches (strategic merge and JSON 6902, inline or from a file, with a target). Throws `invalid-input`,
 * naming the file, for everything else.
 */
export async function renderKustomization(directory: string): Promise<Manifest[]> {
  const file = join(directory, 'kustomization.yaml');
  const [kustomization, ...more] = await readDocuments(file);
  if (!kustomization || more.length > 0) throw refuse(file, 'holds one kustomization');
  refuseUnknown(file, 'field', kustomization, understood);
  const resources = await readResources(file, list(file, kustomization.resources));
  const patched = await applyPatches(file, resources, list(file, kustomization.patches));
  const namespace = textAt(kustomization, 'namespace');
  const placed = namespace ? patched.map((manifest) => setNamespace(file, manifest, namespace)) : patched;
  const rules = list(file, kustomization.images).map((rule) => parseImageRule(file, rule));
  return placed.map((manifest) => rules.reduce(setImages, manifest));
}

/** `group/version.kind.namespace/name`: what makes an object one. */
export function identify(manifest: Manifest): string {
  const namespace = textAt(manifest, 'metadata', 'namespace');
  return `${textAt(manifest, 'apiVersion')}.${textAt(manifest, 'kind')}.${namespace}/${textAt(manifest, 'metadata', 'name')}`;
}

async function readDocuments(file: string): Promise<JsonObject[]> {
  return parseDocuments(file, await readFile(file, 'utf8'));
}

function parseDocuments(file: string, text: string): JsonObject[] {
  return parseJsonDocuments(file, text).map((value) => {
    if (!isObject(value)) throw refuse(file, 'holds something that is no object');
    return value;
  });
}

function parseJsonDocuments(file: string, text: string): Json[] {
  const documents = [...parseAllDocuments(text, { merge: true })];
  const broken = documents.flatMap((document) => document.errors);
  if (broken[0]) throw refuse(file, broken[0].message);
  const values: Json[] = documents.map((document) => document.toJSON());
  return values.filter((value) => value !== null);
}

async function readResources(file: string, entries: Json[]): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for (const entry of entries) {
    if (typeof entry !== 'string') throw refuse(file, 'a resource is a path');
    if (entry.includes('://')) throw refuse(file, `a remote resource is not supported: ${entry}`);
    const path = resolve(dirname(file), entry);
    const isDirectory = (await stat(path)).isDirectory();
    found.push(...(isDirectory ? await renderKustomization(path) : await readManifests(path)));
  }
  refuseDoubles(file, found);
  return found;
}

async function readManifests(file: string): Promise<Manifest[]> {
  const manifests = await readDocuments(file);
  for (const manifest of manifests) checkIdentity(file, manifest);
  return manifests;
}

function checkIdentity(file: string, manifest: JsonObject): void {
  for (const path of [['apiVersion'], ['kind'], ['metadata', 'name']]) {
    if (textAt(manifest, ...path) === '') throw refuse(file, `an object lacks ${path.join('.')}`);
  }
  if (textAt(manifest, 'kind').endsWith('List')) throw refuse(file, 'a List is not supported');
}

function refuseDoubles(file: string, manifests: Manifest[]): void {
  const ids = manifests.map(identify);
  const double = ids.find((id, index) => ids.indexOf(id) !== index);
  if (double) throw refuse(file, `${double} is there twice`);
}

async function applyPatches(file: string, manifests: Manifest[], patches: Json[]): Promise<Manifest[]> {
  let patched = manifests;
  for (const patch of patches) {
    const { source, contents, target } = await readPatch(file, patch);
    const chosen = patched.filter((manifest) => matches(manifest, target));
    if (chosen.length === 0) throw refuse(source, `patches nothing: ${JSON.stringify(target)}`);
    patched = patched.map((manifest) =>
      chosen.includes(manifest) ? applyPatch(source, manifest, contents) : manifest,
    );
  }
  return patched;
}

async function readPatch(file: string, patch: Json) {
  if (!isObject(patch)) throw refuse(file, 'a patch is an object');
  refuseUnknown(file, 'field of a patch', patch, new Set(['patch', 'path', 'target']));
  const path = textAt(patch, 'path');
  if ((path === '') === (textAt(patch, 'patch') === '')) throw refuse(file, 'a patch has either a path or a patch');
  const source = path ? resolve(dirname(file), path) : file;
  const text = path ? await readFile(source, 'utf8') : textAt(patch, 'patch');
  const [contents, ...more] = parseJsonDocuments(source, text);
  if (contents === undefined || more.length > 0) throw refuse(source, 'a patch is one document');
  return { source, contents, target: patchTarget(source, contents, patch.target) };
}

function patchTarget(file: string, contents: Json, target: Json | undefined): Target {
  if (target !== undefined) return parseTarget(file, target);
  if (!isObject(contents)) throw refuse(file, 'a JSON 6902 patch needs a target');
  checkIdentity(file, contents);
  const { group, version } = splitVersion(textAt(contents, 'apiVersion'));
  const namespace = textAt(contents, 'metadata', 'namespace');
  const name = textAt(contents, 'metadata', 'name');
  return { group, version, kind: textAt(contents, 'kind'), name, ...(namespace && { namespace }) };
}

function parseTarget(file: string, target: Json): Target {
  if (!isObject(target)) throw refuse(file, 'a target is an object');
  refuseUnknown(file, 'field of a target', target, targetKeys);
  return Object.fromEntries(Object.keys(target).map((key) => [key, textAt(target, key)]));
}

/** A target's kind, name and namespace are regular expressions that must match the whole. */
function matches(manifest: Manifest, target: Target): boolean {
  const { group, version } = splitVersion(textAt(manifest, 'apiVersion'));
  return (
    (target.group === undefined || target.group === group) &&
    (target.version === undefined || target.version === version) &&
    matchesWhole(target.kind, textAt(manifest, 'kind')) &&
    matchesWhole(target.name, textAt(manifest, 'metadata', 'name')) &&
    matchesWhole(target.namespace, textAt(manifest, 'metadata', 'namespace'))
  );
}

function matchesWhole(pattern: string | undefined, value: string): boolean {
  return pattern === undefined || pattern === '' || new RegExp(`^(?:${pattern})$`).test(value);
}

function splitVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.lastIndexOf('/');
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1) };
}

function applyPatch(file: string, manifest: Manifest, contents: Json): Manifest {
  if (Array.isArray(contents)) {
    const patched = applyJsonPatch(manifest, contents);
    if (!isObject(patched)) throw refuse(file, 'a patch leaves no object');
    return patched;
  }
  if (!isObject(contents)) throw refuse(file, 'a patch is an object or a list of operations');
  const { group } = splitVersion(textAt(manifest, 'apiVersion'));
  checkMergeable(file, contents, builtInGroups.has(group) || group.endsWith('.k8s.io'));
  return keepIdentity(merge(manifest, contents), manifest);
}

function checkMergeable(file: string, patch: Json, isBuiltIn: boolean): void {
  if (Array.isArray(patch)) {
    if (isBuiltIn) throw refuse(file, 'a merge patch of a list in a built-in kind is not supported');
    for (const item of patch) checkMergeable(file, item, isBuiltIn);
  } else if (isObject(patch)) {
    for (const [key, value] of Object.entries(patch)) {
      if (key.startsWith('$')) throw refuse(file, `the directive "${key}" is not supported`);
      checkMergeable(file, value, isBuiltIn);
    }
  }
}

/** Strategic merge of a kind without a schema: maps merge, lists are replaced, null removes. */
function merge(into: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...into };
  for (const [key, value] of Object.entries(patch)) {
    const present = merged[key];
    if (value === null) delete merged[key];
    else if (isObject(value)) merged[key] = merge(isObject(present) ? present : {}, value);
    else merged[key] = value;
  }
  return merged;
}

/** A patch with a target may carry any kind and name: they do not change the object's. */
function keepIdentity(patched: JsonObject, original: JsonObject): JsonObject {
  const { apiVersion = '', kind = '' } = original;
  const metadata = {
    ...(isObject(patched.metadata) ? patched.metadata : {}),
    name: textAt(original, 'metadata', 'name'),
  };
  return { ...patched, apiVersion, kind, metadata };
}

function setNamespace(file: string, manifest: Manifest, namespace: string): Manifest {
  const kind = textAt(manifest, 'kind');
  if (kind.endsWith('RoleBinding') || clusterScoped.test(kind)) {
    throw refuse(file, `a namespace for a ${kind} is not supported`);
  }
  const metadata = isObject(manifest.metadata) ? manifest.metadata : {};
  return { ...manifest, metadata: { ...metadata, ...(kind === 'Namespace' ? { name: namespace } : { namespace }) } };
}

function parseImageRule(file: string, rule: Json): ImageRule {
  if (!isObject(rule) || textAt(rule, 'name') === '') throw refuse(file, 'an image rule has a name');
  refuseUnknown(file, 'field of an image', rule, imageKeys);
  const bare = Object.keys(rule).find((key) => typeof rule[key] !== 'string');
  if (bare !== undefined) throw refuse(file, `the ${bare} of an image is a text`);
  const texts = Object.fromEntries(Object.keys(rule).map((key) => [key, textAt(rule, key)]));
  return { ...texts, name: textAt(rule, 'name') };
}

/** Changes the image of every entry of a list named `containers` or `initContainers`, wherever it is. */
function setImages<Value extends Json>(value: Value, rule: ImageRule): Value;
function setImages(value: Json, rule: ImageRule): Json {
  if (Array.isArray(value)) return value.map((item) => setImages(item, rule));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, member]) => {
    const renamed = key === 'containers' || key === 'initContainers' ? renameImages(member, rule) : member;
    return [key, setImages(renamed, rule)] as const;
  });
  return Object.fromEntries(entries);
}

function renameImages(containers: Json, rule: ImageRule): Json {
  if (!Array.isArray(containers)) return containers;
  return containers.map((container) =>
    isObject(container) && typeof container.image === 'string'
      ? { ...container, image: renameImage(container.image, rule) }
      : container,
  );
}

function renameImage(image: string, rule: ImageRule): string {
  const [, name = image, tag = '', digest = ''] = /^(.+?)(:[^:/@]+)?(@.+)?$/.exec(image) ?? [];
  if (name !== rule.name) return image;
  const suffix = [rule.newTag && `:${rule.newTag}`, rule.digest && `@${rule.digest}`].filter(Boolean).join('');
  return `${rule.newName ?? name}${suffix || `${tag}${digest}`}`;
}

function list(file: string, value: Json | undefined): Json[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refuse(file, 'a list was expected');
  return value;
}

function refuseUnknown(file: string, what: string, value: JsonObject, known: Set<string>): void {
  const unknown = Object.keys(value).find((key) => !known.has(key));
  if (unknown !== undefined) throw refuse(file, `the ${what} "${unknown}" is not supported`);
}

function refuse(file: string, reason: string): AppError {
  return new AppError('invalid-input', `${relative(process.cwd(), file)}: ${reason}`);
}

/** Reads manifests that are not kustomized: every document of a YAML text. */
export function parseManifests(text: string, file = 'manifests'): Manifest[] {
  const manifests = parseDocuments(file, text);
  for (const manifest of manifests) checkIdentity(file, manifest);
  return manifests;
}
