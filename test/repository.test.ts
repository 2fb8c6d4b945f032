import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { workloads } from '../functions/workloads.ts';
import { events } from '../infra/contracts/contracts.ts';
import { renderKustomization } from '../infra/local/knative/kustomize.ts';
import { listRefusals, parseResources } from '../infra/local/knative/resources.ts';
import { readTopics } from '../infra/local/services/topics.ts';
import * as jobs from '../schemas/events/jobs.v1.ts';
import type { Setting } from '../shared/runtime/config.ts';
import { settings as runtimeSettings } from '../shared/runtime/settings.ts';

const ROOT = new URL('../', import.meta.url);

/** Read by Node and by the AWS SDK, not by us. */
const READ_BY_LIBRARIES = new Set(['NODE_ENV', 'NODE_EXTRA_CA_CERTS', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);

async function foldersOf(path: string): Promise<string[]> {
  const entries = await readdir(new URL(path, ROOT), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function settingsOf(workload: string): Promise<Record<string, Setting<unknown>>> {
  const { settings }: { settings: Record<string, Setting<unknown>> } = await import(
    `../functions/${workload}/config.ts`
  );
  return { ...runtimeSettings, ...settings };
}

describe('the repository', () => {
  it('lists every function folder as a workload, each with its tests', async () => {
    expect((await foldersOf('functions/')).toSorted()).toEqual([...workloads].toSorted());
    expect(await foldersOf('test/functions/')).toEqual(expect.arrayContaining([...workloads]));
  });

  describe.each(['local', 'production'])('the %s overlay', (overlay) => {
    const rendered = renderKustomization(fileURLToPath(new URL(`knative/overlays/${overlay}`, ROOT)));

    it('is what Knative takes', async () => {
      expect(listRefusals(await rendered)).toEqual([]);
    });

    it('has a Service for each function', async () => {
      const { services } = parseResources(await rendered);
      expect(services.map(({ metadata }) => metadata.name).toSorted()).toEqual([...workloads].toSorted());
    });

    it.each([...workloads])('gives %s what it reads, and nothing it does not read', async (workload) => {
      const { services } = parseResources(await rendered);
      const service = services.find(({ metadata }) => metadata.name === workload);
      const given = new Set(service?.spec.template.spec.containers[0].env.map(({ name }) => name));
      const settings = await settingsOf(workload);
      const unread = [...given].filter((name) => !(name in settings) && !READ_BY_LIBRARIES.has(name));
      const missing = Object.keys(settings).filter(
        (name) => !given.has(name) && !('fallback' in (settings[name] ?? {})),
      );
      expect({ unread, missing }).toEqual({ unread: [], missing: [] });
    });

    it('consumes topics that exist and dead-letters to such', async () => {
      const { kafkaSources, kafkaSinks } = parseResources(await rendered);
      const topics = (await readTopics({ brokers: 1 })).map(({ name }) => name);
      expect(topics).toEqual(expect.arrayContaining(kafkaSources.flatMap(({ spec }) => spec.topics)));
      expect(topics).toEqual(expect.arrayContaining(kafkaSinks.map(({ spec }) => spec.topic)));
    });
  });

  it('delivers a job as often as it is to be tried', async () => {
    const overlay = fileURLToPath(new URL('knative/overlays/production', ROOT));
    const { kafkaSources } = parseResources(await renderKustomization(overlay));
    const retry = kafkaSources.find(({ metadata }) => metadata.name === 'worker')?.spec.delivery?.retry ?? 0;
    const policies = Object.values(jobs).flatMap((job) => ('policy' in job ? [{ type: job.type, ...job.policy }] : []));
    expect(policies.length).toBeGreaterThan(4);
    expect(policies.filter(({ attempts }) => attempts > retry + 1)).toEqual([]);
  });

  it('has a topic for every event', async () => {
    const topics = (await readTopics({ brokers: 1 })).map(({ name }) => name);
    expect(topics).toEqual(expect.arrayContaining(events.flatMap(({ topic }) => topic ?? [])));
  });
});
