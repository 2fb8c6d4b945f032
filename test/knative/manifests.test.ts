import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderKustomization } from '../../infra/local/knative/kustomize.ts';
import { listRefusals, parseResources } from '../../infra/local/knative/resources.ts';
import { settings } from '../../shared/runtime/settings.ts';

const workloads = ['availability', 'booking', 'cron', 'customer', 'homekit', 'lab-results', 'notifications', 'worker'];
const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const local = await renderKustomization(pathOf('knative/overlays/local'));
const production = await renderKustomization(pathOf('knative/overlays/production'));
const { services, kafkaSources, kafkaSinks, pingSources } = parseResources(production);
const containerOf = (service: (typeof services)[number]) => service.spec.template.spec.containers[0];

/** As its manifest gives it, or as every function has it where that says nothing. */
function millisecondsOf(name: 'REQUEST_TIMEOUT_MS' | 'DRAIN_DEADLINE_MS', service: (typeof services)[number]): number {
  const given = containerOf(service).env.find((variable) => variable.name === name);
  return given && 'value' in given ? Number(given.value) : Number(settings[name].fallback);
}

describe.each([
  ['local', local],
  ['production', production],
])('the %s overlay', (_, manifests) => {
  it('holds nothing that Knative refuses', () => {
    expect(listRefusals(manifests)).toEqual([]);
  });

  it('has one Service per workload, all of one image', () => {
    const { services } = parseResources(manifests);
    expect(services.map(({ metadata }) => metadata.name).toSorted()).toEqual(workloads);
    expect(new Set(services.map((service) => containerOf(service).image)).size).toBe(1);
  });

  it('puts everything into one namespace', () => {
    const others = manifests.filter(({ kind }) => kind !== 'Namespace');
    expect(others.every(({ metadata }) => JSON.stringify(metadata).includes('"namespace":"careflow"'))).toBe(true);
  });
});

describe('the image', () => {
  it('is local on one machine, so that no registry is asked, and a registry elsewhere', () => {
    const imagesOf = (manifests: typeof local) =>
      parseResources(manifests).services.map((service) => containerOf(service).image);
    expect(imagesOf(local).every((image) => image.startsWith('dev.local/'))).toBe(true);
    expect(imagesOf(production).some((image) => image.startsWith('dev.local/'))).toBe(false);
  });
});

describe.each(services.map((service) => [service.metadata.name, service] as const))(
  'the Service %s',
  (name, service) => {
    const { spec: pod, metadata } = service.spec.template;

    it('runs its function', () => {
      expect(containerOf(service).args).toEqual([name]);
    });

    it('scales to zero and has a limit to each process', () => {
      expect(metadata.annotations['autoscaling.knative.dev/min-scale']).toBe('0');
      expect(Number(metadata.annotations['autoscaling.knative.dev/max-scale'])).toBeGreaterThan(0);
      expect(pod.containerConcurrency).toBeGreaterThan(0);
    });

    it('is probed where every function answers', () => {
      const { livenessProbe, readinessProbe, startupProbe } = containerOf(service);
      const paths = [livenessProbe, readinessProbe, startupProbe].map((probe) => probe?.httpGet?.path);
      expect(paths).toEqual(['/health/live', '/health/ready', '/health/startup']);
    });

    it('ends what takes too long before Knative cuts it off', () => {
      expect(millisecondsOf('REQUEST_TIMEOUT_MS', service)).toBeLessThan(pod.timeoutSeconds * 1000);
    });

    it('finishes what is under way when it is told to go', () => {
      const deadline = millisecondsOf('DRAIN_DEADLINE_MS', service);
      expect(deadline).toBeGreaterThanOrEqual(millisecondsOf('REQUEST_TIMEOUT_MS', service));
      expect(deadline).toBeLessThan(pod.timeoutSeconds * 1000);
    });

    it('can write nowhere', () => {
      expect(containerOf(service).securityContext.readOnlyRootFilesystem).toBe(true);
    });

    it('trusts the CA that the sources of its events trust', () => {
      const { env, volumeMounts } = containerOf(service);
      const secret = { secretName: 'kafka-client', items: [{ key: 'ca.crt', path: 'ca.crt' }] };
      expect(pod.volumes).toEqual([{ name: 'kafka-client', secret }]);
      expect(volumeMounts).toEqual([{ name: 'kafka-client', mountPath: '/etc/kafka-client', readOnly: true }]);
      expect(env).toContainEqual({ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/kafka-client/ca.crt' });
    });

    it('takes what has a password from a Secret', () => {
      const open = containerOf(service).env.filter((variable) => {
        const isSecret = 'valueFrom' in variable && 'secretKeyRef' in variable.valueFrom;
        return variable.name.endsWith('_URL') && /^(DATABASE|REDIS|EVENT_LOG)/.test(variable.name) && !isSecret;
      });
      expect(open).toEqual([]);
    });

    it('answers an event within the time its source gives it', () => {
      const sources = kafkaSources.filter(({ spec }) => spec.sink.ref?.name === name);
      for (const { spec } of sources) expect(spec.delivery?.timeoutMs).toBeLessThan(pod.timeoutSeconds * 1000);
    });
  },
);

it('shows the gateway the services that people use, and no other', () => {
  const visible = services.filter(
    ({ metadata }) => metadata.labels['networking.knative.dev/visibility'] !== 'cluster-local',
  );
  expect(visible.map(({ metadata }) => metadata.name).toSorted()).toEqual([
    'availability',
    'booking',
    'customer',
    'homekit',
    'lab-results',
    'notifications',
    'worker',
  ]);
});

describe.each(kafkaSources.map((source) => [source.metadata.name, source] as const))(
  'the KafkaSource %s',
  (name, { spec }) => {
    const service = spec.sink.ref?.name ?? '';

    it('is named after the service that it feeds', () => {
      expect(services.filter(({ metadata }) => metadata.name === service)).toHaveLength(1);
      expect(name === service || name.startsWith(`${service}-`)).toBe(true);
    });

    it('begins at the beginning, with a group of its own', () => {
      expect(spec.initialOffset).toBe('earliest');
      expect(kafkaSources.filter((other) => other.spec.consumerGroup === spec.consumerGroup)).toHaveLength(1);
    });

    it('retries for ten minutes and keeps what fails in a topic of its own', () => {
      const { retry = 0, backoffDelayMs = 0, deadLetterSink } = spec.delivery ?? {};
      const waits = Array.from({ length: retry }, (_, index) => backoffDelayMs * 2 ** (index + 1));
      expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThanOrEqual(600_000);
      const sink = kafkaSinks.find(({ metadata }) => metadata.name === deadLetterSink?.ref?.name);
      expect(sink?.spec.topic).toBe(`dead-letters-${service}`);
    });

    it('reads and writes topics that exist', async () => {
      const topics = await readFile(pathOf('infra/kafka/topics.yaml'), 'utf8');
      for (const topic of [...spec.topics, `dead-letters-${service}`]) expect(topics).toContain(`name: ${topic}\n`);
    });

    it('posts to the path of events', () => {
      expect(spec.sink).toMatchObject({ ref: { kind: 'Service', name: service }, uri: '/events' });
    });
  },
);

it('runs whoever sends as the account that the cloud lets send, and nobody else', () => {
  const accountOf = ({ spec }: (typeof services)[number]) => spec.template.spec.serviceAccountName;
  const senders = services.filter((service) => containerOf(service).env.some(({ name }) => name === 'EMAIL_FROM'));
  expect(senders.map(accountOf)).toEqual(['sender', 'sender']);
  expect(services.filter((service) => accountOf(service) !== undefined)).toEqual(senders);
  expect(production).toContainEqual(
    expect.objectContaining({ kind: 'ServiceAccount', metadata: expect.objectContaining({ name: 'sender' }) }),
  );
});

it('ticks the cron every minute', () => {
  expect(pingSources).toHaveLength(1);
  expect(pingSources[0]?.spec).toMatchObject({
    schedule: '* * * * *',
    sink: { ref: { name: 'cron' }, uri: '/events' },
  });
});

it('gives a config map for every plain variable', () => {
  const { configMaps } = parseResources(production);
  const names = services.flatMap((service) =>
    containerOf(service).env.flatMap((variable) =>
      'valueFrom' in variable && 'configMapKeyRef' in variable.valueFrom
        ? [variable.valueFrom.configMapKeyRef.key]
        : [],
    ),
  );
  expect(Object.keys(configMaps[0]?.data ?? {}).toSorted()).toEqual([...new Set(names)].toSorted());
});
