import { fileURLToPath } from 'node:url';

import { expect, it } from 'vitest';

import { events } from '../../../infra/contracts/contracts.ts';
import { renderKustomization } from '../../../infra/local/knative/kustomize.ts';
import { parseResources } from '../../../infra/local/knative/resources.ts';
import { readTopics } from '../../../infra/local/services/topics.ts';

it('makes every topic of every event, and the dead letters of every consumer', async () => {
  const topics = (await readTopics({ brokers: 3 })).map(({ name }) => name);
  const published = events.flatMap((contract) => ('topic' in contract ? [contract.topic] : []));
  expect(topics).toEqual(expect.arrayContaining(published));
  const base = fileURLToPath(new URL('../../../knative/base', import.meta.url));
  const { kafkaSources } = parseResources(await renderKustomization(base));
  const consumers = new Set(kafkaSources.map(({ spec }) => spec.sink.ref?.name));
  const dead = topics.filter((topic) => topic.startsWith('dead-letters-'));
  expect(new Set(dead)).toEqual(new Set([...consumers].map((name) => `dead-letters-${name}`)));
  expect(new Set(topics).size).toBe(topics.length);
});

it('keeps three copies in production, of which two must be there for a write', async () => {
  for (const topic of await readTopics({ brokers: 3 })) {
    expect(topic).toMatchObject({ replication: 3, config: { 'min.insync.replicas': '2' } });
  }
});

it('asks for no more copies than there are brokers', async () => {
  for (const topic of await readTopics({ brokers: 1 })) {
    expect(topic).toMatchObject({ replication: 1, config: { 'min.insync.replicas': '1' } });
  }
});
