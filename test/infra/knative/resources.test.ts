import { describe, expect, it } from 'vitest';
import { applyJsonPatch } from '../../../infra/local/knative/json-patch.ts';
import { isObject, type Json, textAt } from '../../../infra/local/knative/json.ts';
import type { Manifest } from '../../../infra/local/knative/kustomize.ts';
import { listRefusals, parseResources } from '../../../infra/local/knative/resources.ts';
import { one, serviceManifest } from './support/manifests.ts';

const service = serviceManifest();
const kafkaSource = one(`
  apiVersion: sources.knative.dev/v1
  kind: KafkaSource
  metadata: { name: source }
  spec:
    consumerGroup: group
    topics: [events]
    bootstrapServers: [kafka:9092]
    initialOffset: earliest
    delivery: { retry: 3, backoffDelay: PT1S }
    sink: { ref: { apiVersion: serving.knative.dev/v1, kind: Service, name: sample }, uri: /events }`);
const pingSource = one(`
  apiVersion: sources.knative.dev/v1
  kind: PingSource
  metadata: { name: ping }
  spec: { schedule: '* * * * *', contentType: application/json, data: '{}', sink: { uri: 'http://sink.example/' } }`);
const kafkaSink = one(`
  apiVersion: eventing.knative.dev/v1alpha1
  kind: KafkaSink
  metadata: { name: sink }
  spec: { topic: events, bootstrapServers: [kafka:9092] }`);
const eventType = one(`
  apiVersion: eventing.knative.dev/v1beta3
  kind: EventType
  metadata: { name: careflow.booking.created.v1 }
  spec:
    attributes:
      - { name: type, required: true, value: careflow.booking.created.v1 }
      - { name: source, required: true, value: /careflow/booking }
      - { name: specversion, required: true, value: '1.0' }
      - { name: id, required: true }`);

const accepted = [service, kafkaSource, pingSource, kafkaSink, eventType];

/** The refusals when one thing of a good manifest is set, or removed by `undefined`. */
function refusals(manifest: Manifest, path: string, value?: Json): string {
  const patch = value === undefined ? { op: 'remove', path } : { op: 'add', path, value };
  const changed = applyJsonPatch(manifest, [patch]);
  if (!isObject(changed)) throw new Error('no manifest is left');
  return listRefusals(accepted.map((other) => (other === manifest ? changed : other))).join('\n');
}

const template = '/spec/template';
const pod = `${template}/spec`;
const container = `${pod}/containers/0`;
const annotation = (name: string) => `${template}/metadata/annotations/autoscaling.knative.dev~1${name}`;

describe('manifests', () => {
  it('are accepted as documented', () => {
    expect(listRefusals(accepted)).toEqual([]);
  });

  it('are parsed all or not at all, with every refusal', () => {
    const one = { ...service, apiVersion: 'serving.knative.dev/v1alpha1' };
    const two = { ...kafkaSink, apiVersion: 'eventing.knative.dev/v1' };
    expect(() => parseResources([one, two])).toThrow(/v1alpha1[^]*KafkaSink/);
  });

  it.each(accepted.map((manifest) => [textAt(manifest, 'kind'), manifest] as const))(
    'of %s name its version',
    (_, manifest) => {
      expect(refusals(manifest, '/apiVersion', 'v9')).toContain('apiVersion');
    },
  );

  it('of another kind are refused, unless they mean nothing to Knative', () => {
    expect(listRefusals([one('{ apiVersion: x/v1, kind: Broker, metadata: { name: a } }')])).toHaveLength(1);
    expect(listRefusals([one('{ apiVersion: v1, kind: Namespace, metadata: { name: a } }')])).toEqual([]);
  });
});

describe('a Service', () => {
  it.each([
    ['terminationGracePeriodSeconds', 30],
    ['initContainers', []],
    ['affinity', {}],
    ['nodeSelector', {}],
    ['tolerations', []],
    ['topologySpreadConstraints', []],
    ['securityContext', { runAsNonRoot: true }],
    ['priorityClassName', 'high'],
    ['hostNetwork', true],
  ])('is refused with the pod field %s, which needs a feature flag', (field, value) => {
    expect(refusals(service, `${pod}/${field}`, value)).toContain(field);
  });

  it.each([
    ['lifecycle', {}],
    ['stdin', true],
  ])('is refused with the container field %s', (field, value) => {
    expect(refusals(service, `${container}/${field}`, value)).toContain(field);
  });

  it('is refused with autoscaling annotations of its own', () => {
    const path = '/metadata/annotations';
    expect(refusals(service, path, { 'autoscaling.knative.dev/min-scale': '1' })).toContain('belong on spec.template');
    expect(refusals(service, path, { 'serving.knative.dev/rollout-duration': '10s' })).toBe('');
  });

  it.each([
    ['activation-scale', '1'],
    ['window', '5s'],
    ['window', '61m'],
    ['window', '30'],
    ['target-utilization-percentage', '0'],
    ['target-utilization-percentage', '101'],
    ['min-scale', '-1'],
    ['max-scale', 'many'],
    ['initial-scale', '0'],
    ['scale-to-zero-pod-retention-period', '2h'],
    ['scale-down-delay', 'soon'],
    ['minimum-scale', '1'],
    ['class', 'own.autoscaling.knative.dev'],
  ])('is refused with the annotation %s of %s', (name, value) => {
    expect(refusals(service, annotation(name), value)).toContain(name);
  });

  it('is refused with a max-scale below its min-scale', () => {
    const annotations = { 'autoscaling.knative.dev/min-scale': '3', 'autoscaling.knative.dev/max-scale': '2' };
    expect(refusals(service, `${template}/metadata/annotations`, annotations)).toContain('max-scale is below');
  });

  it.each([
    ['activation-scale', '2'],
    ['window', '1m30s'],
    ['target-utilization-percentage', '100'],
    ['scale-to-zero-pod-retention-period', '0s'],
  ])('is accepted with the annotation %s of %s', (name, value) => {
    expect(refusals(service, annotation(name), value)).toBe('');
  });

  it.each(['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION'])(
    'is refused with a variable %s of its own',
    (name) => {
      expect(refusals(service, `${container}/env`, [{ name, value: 'x' }])).toContain('env');
    },
  );

  it('is refused with a variable from a field', () => {
    const env = [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];
    expect(refusals(service, `${container}/env`, env)).toContain('env');
  });

  it.each([8012, 8013, 8022, 9090, 9091, 8008, 70000])('is refused with the port %d', (containerPort) => {
    expect(refusals(service, `${container}/ports`, [{ containerPort }])).toContain('containerPort');
  });

  it.each(['allowPrivilegeEscalation', 'capabilities', 'runAsNonRoot', 'seccompProfile'])(
    'is refused without %s',
    (field) => {
      expect(refusals(service, `${container}/securityContext/${field}`)).toContain(field);
    },
  );

  it.each(['failureThreshold', 'timeoutSeconds'])(
    'is refused with a %s of a readiness probe without a period',
    (field) => {
      const probe = { httpGet: { path: '/' }, [field]: 1 };
      expect(refusals(service, `${container}/readinessProbe`, probe)).toContain('periodSeconds is unset');
      expect(refusals(service, `${container}/readinessProbe`, { ...probe, periodSeconds: 5 })).toBe('');
      expect(refusals(service, `${container}/livenessProbe`, probe)).toBe('');
    },
  );

  it('is refused with a probe of two kinds, or of none', () => {
    const path = `${container}/livenessProbe`;
    expect(refusals(service, path, { httpGet: { path: '/' }, tcpSocket: {} })).toContain('has one of');
    expect(refusals(service, path, { periodSeconds: 5 })).toContain('has one of');
  });

  it.each([
    ['timeoutSeconds', 59],
    ['timeoutSeconds', 601],
    ['containerConcurrency', -1],
    ['containerConcurrency', 1001],
  ])('is refused with a %s of %d', (field, value) => {
    expect(refusals(service, `${pod}/${field}`, value)).toContain(field);
  });

  it('is refused with two containers, and with none', () => {
    expect(refusals(service, `${pod}/containers`, [])).toContain('containers');
    expect(refusals(service, `${pod}/containers/-`, { image: 'x' })).toContain('containers');
  });
});

const sinkNamed = (name: string) => ({
  ref: { apiVersion: 'eventing.knative.dev/v1alpha1', kind: 'KafkaSink', name },
});

describe('a KafkaSource', () => {
  it.each([
    ['/spec/consumerGroup'],
    ['/spec/topics'],
    ['/spec/bootstrapServers'],
    ['/spec/sink'],
    ['/spec/delivery/backoffDelay'],
  ])('is refused without %s', (path) => {
    expect(refusals(kafkaSource, path)).not.toBe('');
  });

  it.each([
    ['/spec/topics', []],
    ['/spec/initialOffset', 'first'],
    ['/spec/ordering', 'sorted'],
    ['/spec/order', 'ordered'],
    ['/spec/delivery/retries', 3],
    ['/spec/delivery/retry', -1],
    ['/spec/delivery/backoffPolicy', 'constant'],
    ['/spec/delivery/backoffDelay', '1s'],
    ['/spec/delivery/backoffDelay', 'P1M'],
    ['/spec/delivery/timeout', 'PT0S'],
    ['/spec/delivery/retryAfterMax', 'PT1S'],
    ['/spec/sink', { uri: 'no-scheme' }],
    ['/spec/sink', {}],
  ])('is refused with %s of %j', (path, value) => {
    expect(refusals(kafkaSource, path, value)).toContain('KafkaSource');
  });

  it('is refused when its sink or its dead letter sink is not there', () => {
    expect(refusals(kafkaSource, '/spec/delivery/deadLetterSink', sinkNamed('sink'))).toBe('');
    expect(refusals(kafkaSource, '/spec/delivery/deadLetterSink', sinkNamed('nobody'))).toContain(
      'names KafkaSink/nobody',
    );
    expect(refusals(kafkaSource, '/spec/sink/ref/name', 'nobody')).toContain('names Service/nobody');
  });

  it('gets the defaults of Knative', () => {
    const { spec } = kafkaSource;
    if (!isObject(spec)) throw new Error('no spec');
    const { initialOffset: _, ...bare } = spec;
    const { kafkaSources } = parseResources([service, { ...kafkaSource, spec: bare }]);
    expect(kafkaSources[0]?.spec).toMatchObject({
      consumers: 1,
      initialOffset: 'latest',
      ordering: 'ordered',
      delivery: { retry: 3, backoffDelayMs: 1000, backoffPolicy: 'exponential', timeoutMs: 600_000 },
    });
  });
});

describe('a PingSource', () => {
  it.each([
    ['/spec/schedule', 'every minute'],
    ['/spec/schedule', '@every 1m'],
    ['/spec/timezone', 'Europe/Nowhere'],
    ['/spec/data', '{'],
    ['/spec/sink', {}],
  ])('is refused with %s of %j', (path, value) => {
    expect(refusals(pingSource, path, value)).toContain('PingSource');
  });

  it.each(['/spec/data', '/spec/contentType'])('is refused without %s', (path) => {
    expect(refusals(pingSource, path)).toContain('PingSource');
  });
});

describe('a KafkaSink', () => {
  it.each([
    ['/spec/contentMode', 'batched'],
    ['/spec/topic', ''],
    ['/spec/bootstrapServers', []],
    ['/spec/numPartitions', 0],
  ])('is refused with %s of %j', (path, value) => {
    expect(refusals(kafkaSink, path, value)).toContain('KafkaSink');
  });
});

describe('an EventType', () => {
  it.each([0, 1, 2, 3])('is refused without attribute %d of type, source, specversion and id', (index) => {
    expect(refusals(eventType, `/spec/attributes/${index}`)).toContain('names the attributes');
  });
});
