import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Manifest, renderKustomization } from '../../../infra/local/knative/kustomize.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kustomize-'));
});

afterEach(() => rm(root, { recursive: true }));

const service = `
apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: one, labels: { kept: yes } }
spec:
  template:
    metadata: { annotations: { drop/me: a } }
    spec:
      containers:
        - { image: 'dev.local/careflow:latest', args: [one], env: [{ name: A, value: a }] }
`;
const source = `
apiVersion: sources.knative.dev/v1
kind: KafkaSource
metadata: { name: two }
spec: { topics: [a, b], sink: { uri: /x } }
`;
const base = { 'base/kustomization.yaml': 'resources: [all.yaml]', 'base/all.yaml': `${service}---${source}` };

async function render(files: Record<string, string>, directory = 'overlay'): Promise<Manifest[]> {
  for (const [name, text] of Object.entries({ ...base, ...files })) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return renderKustomization(join(root, directory));
}

const overlay = (text: string) => ({ 'overlay/kustomization.yaml': `resources: [../base]\n${text}` });

describe('resources', () => {
  it('are files and directories, in order, of one or many documents', async () => {
    const rendered = await render({
      'overlay/kustomization.yaml': 'resources: [more.yaml, ../base]',
      'overlay/more.yaml': '# nothing\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: three }\n---\n',
    });
    expect(rendered.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Service', 'KafkaSource']);
  });

  it('keep what YAML 1.1 would have taken for something else', async () => {
    const [first] = await render({}, 'base');
    expect(first).toMatchObject({ metadata: { labels: { kept: 'yes' } } });
  });

  it.each([
    ['the same object twice', 'resources: [../base, ../base/all.yaml]', 'is there twice'],
    ['a remote one', 'resources: ["https://example.com/x"]', 'a remote resource is not supported'],
    ['a field it does not know', 'resources: [../base]\nnamePrefix: x-', 'the field "namePrefix" is not supported'],
    ['text that is no YAML', 'resources: [', 'overlay/kustomization.yaml'],
  ])('refuse %s', async (_, kustomization, message) => {
    await expect(render({ 'overlay/kustomization.yaml': kustomization })).rejects.toThrow(message);
  });

  it('refuse an object without a name', async () => {
    const nameless = 'apiVersion: v1\nkind: ConfigMap\n';
    await expect(render({ 'base/all.yaml': nameless }, 'base')).rejects.toThrow('an object lacks metadata.name');
  });
});

describe('namespace', () => {
  it('is set on every object, and renames a Namespace', async () => {
    const rendered = await render({
      'overlay/kustomization.yaml': 'namespace: careflow\nresources: [namespace.yaml, ../base]',
      'overlay/namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: other }',
    });
    expect(rendered.map(({ metadata }) => metadata)).toMatchObject([
      { name: 'careflow' },
      { namespace: 'careflow' },
      { namespace: 'careflow' },
    ]);
  });

  it('is refused for what has none', async () => {
    const role = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: r }';
    await expect(
      render({ 'overlay/kustomization.yaml': 'namespace: x\nresources: [role.yaml]', 'overlay/role.yaml': role }),
    ).rejects.toThrow('a namespace for a ClusterRole is not supported');
  });
});

const imageOf = async (image: string, rule: string): Promise<unknown> => {
  const changed = service.replace('dev.local/careflow:latest', image);
  const [first] = await render({ 'base/all.yaml': changed, ...overlay(`images: [{ ${rule} }]`) });
  return first;
};
const holding = (image: string) => ({ spec: { template: { spec: { containers: [{ image }] } } } });

describe('images', () => {
  it.each([
    ['dev.local/careflow:latest', 'newName: registry.example.com/careflow', 'registry.example.com/careflow:latest'],
    ['dev.local/careflow:latest', 'newTag: "1.0"', 'dev.local/careflow:1.0'],
    ['dev.local/careflow:latest', 'newName: r.example.com:5000/c, newTag: "1.0"', 'r.example.com:5000/c:1.0'],
    ['dev.local/careflow', 'newTag: "1.0"', 'dev.local/careflow:1.0'],
    ['dev.local/careflow:latest', 'digest: sha256:abc', 'dev.local/careflow@sha256:abc'],
    ['dev.local/careflow@sha256:abc', 'newTag: "1.0"', 'dev.local/careflow:1.0'],
    ['dev.local/careflow-two:latest', 'newTag: "1.0"', 'dev.local/careflow-two:latest'],
  ])('make of %s by %s: %s', async (image, rule, expected) => {
    expect(await imageOf(image, `name: dev.local/careflow, ${rule}`)).toMatchObject(holding(expected));
  });

  it('refuse a tag that is a number', async () => {
    await expect(render(overlay('images: [{ name: x, newTag: 1.0 }]'))).rejects.toThrow(
      'the newTag of an image is a text',
    );
  });

  it('tell a port from a tag', async () => {
    const rule = 'name: "localhost:5000/careflow", newTag: "2"';
    expect(await imageOf('localhost:5000/careflow', rule)).toMatchObject(holding('localhost:5000/careflow:2'));
  });
});

describe('a strategic merge patch', () => {
  it('merges maps, replaces lists, and removes what is null', async () => {
    const [first] = await render(
      overlay(`
patches:
  - patch: |
      apiVersion: serving.knative.dev/v1
      kind: Service
      metadata: { name: one }
      spec:
        template:
          metadata: { annotations: { drop/me: null, add/me: b } }
          spec: { timeoutSeconds: 90, containers: [{ image: other }] }`),
    );
    expect(first).toEqual({
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Service',
      metadata: { name: 'one', labels: { kept: 'yes' } },
      spec: {
        template: {
          metadata: { annotations: { 'add/me': 'b' } },
          spec: { timeoutSeconds: 90, containers: [{ image: 'other' }] },
        },
      },
    });
  });

  it('with a target changes all that match, whatever its own kind and name', async () => {
    const rendered = await render({
      ...overlay('patches: [{ path: patch.yaml, target: { kind: .*, name: one|two } }]'),
      'overlay/patch.yaml': 'apiVersion: x/v1\nkind: Any\nmetadata: { name: any, labels: { added: z } }',
    });
    expect(rendered).toMatchObject([
      { kind: 'Service', metadata: { name: 'one', labels: { kept: 'yes', added: 'z' } } },
      { kind: 'KafkaSource', metadata: { name: 'two', labels: { added: 'z' } } },
    ]);
  });

  it.each([
    ['that finds nothing', '{ kind: Service, name: on }', 'x: 1', 'patches nothing'],
    ['with a directive', '{ kind: Service }', '$patch: delete', 'the directive "$patch" is not supported'],
    ['with a selector', '{ labelSelector: a=b }', 'x: 1', 'the field of a target "labelSelector" is not supported'],
  ])('%s is refused', async (_, target, patch, message) => {
    const files = overlay(`patches: [{ target: ${target}, patch: '${patch}' }]`);
    await expect(render(files)).rejects.toThrow(message);
  });

  it('of a list in a built-in kind is refused, because those merge by key', async () => {
    const files = {
      'overlay/kustomization.yaml': `resources: [account.yaml]\npatches: [{ target: { kind: ServiceAccount }, patch: 'secrets: [a]' }]`,
      'overlay/account.yaml': 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a }',
    };
    await expect(render(files)).rejects.toThrow('a merge patch of a list in a built-in kind is not supported');
  });
});

describe('a JSON 6902 patch', () => {
  it('changes what its target matches', async () => {
    const [, second] = await render(
      overlay(`
patches:
  - target: { group: sources.knative.dev, version: v1, kind: KafkaSource, name: two }
    patch: |
      - { op: add, path: /spec/topics/-, value: c }
      - { op: replace, path: /spec/sink/uri, value: /y }`),
    );
    expect(second).toMatchObject({ spec: { topics: ['a', 'b', 'c'], sink: { uri: '/y' } } });
  });

  it('is refused without a target', async () => {
    const files = overlay(`patches: [{ patch: '[{ op: remove, path: /spec }]' }]`);
    await expect(render(files)).rejects.toThrow('a JSON 6902 patch needs a target');
  });
});
