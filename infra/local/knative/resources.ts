import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import { parseSchedule } from './cron-schedule.ts';
import { deliverySpec, destination } from './delivery-spec.ts';
import { identify, type Manifest } from './kustomize.ts';
import { serviceSpec } from './service-spec.ts';
import { textAt } from './json.ts';

/** What Knative's webhooks accept, and a little less: a misspelt field, which Knative would drop silently, is refused. */

const name = z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'is a DNS label that begins with a letter');
const annotations = z.record(z.string(), z.string());
const metadata = z.strictObject({
  name,
  namespace: z.string().default('default'),
  labels: annotations.default({}),
  annotations: annotations.default({}),
});

const noAutoscaling = annotations.refine(
  (found) => Object.keys(found).every((key) => !key.startsWith('autoscaling.knative.dev')),
  'autoscaling annotations belong on spec.template.metadata.annotations',
);

const serviceResource = z.strictObject({
  apiVersion: z.literal('serving.knative.dev/v1'),
  kind: z.literal('Service'),
  metadata: metadata.extend({ annotations: noAutoscaling.default({}) }),
  spec: serviceSpec,
});

const ceOverrides = z.strictObject({ extensions: z.record(z.string().regex(/^[a-z0-9]+$/), z.string()) });
const topics = z.array(z.string().regex(/^[a-zA-Z0-9._-]{1,249}$/)).min(1);
const bootstrapServers = z.array(z.string().min(1)).min(1);

const kafkaSource = z.strictObject({
  apiVersion: z.literal('sources.knative.dev/v1'),
  kind: z.literal('KafkaSource'),
  metadata,
  spec: z.strictObject({
    // Knative gives a random one to a source without: a new group, and so a replay, at each creation.
    consumerGroup: z.string().min(1),
    consumers: z.int().min(0).default(1),
    topics,
    bootstrapServers,
    initialOffset: z.enum(['earliest', 'latest']).default('latest'),
    ordering: z.enum(['ordered', 'unordered']).default('ordered'),
    net: z.record(z.string(), z.json()).optional(),
    delivery: deliverySpec.optional(),
    sink: destination,
    ceOverrides: ceOverrides.optional(),
  }),
});

const kafkaSink = z.strictObject({
  apiVersion: z.literal('eventing.knative.dev/v1alpha1'),
  kind: z.literal('KafkaSink'),
  metadata,
  spec: z.strictObject({
    topic: z.string().min(1),
    bootstrapServers,
    numPartitions: z.int().min(1).optional(),
    replicationFactor: z.int().min(1).optional(),
    contentMode: z.enum(['binary', 'structured']).default('binary'),
    auth: z.strictObject({ secret: z.strictObject({ ref: z.strictObject({ name: z.string().min(1) }) }) }).optional(),
  }),
});

const isSchedule = (schedule: string) => parses(() => parseSchedule(schedule));
const isTimeZone = (zone: string) => parses(() => Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone));
const isJson = (text: string) => parses(() => JSON.parse(text));

const pingSource = z.strictObject({
  apiVersion: z.literal('sources.knative.dev/v1'),
  kind: z.literal('PingSource'),
  metadata,
  spec: z
    .strictObject({
      schedule: z.string().refine(isSchedule, 'is no cron schedule of five fields'),
      timezone: z.string().refine(isTimeZone, 'is no time zone').default('UTC'),
      contentType: z.string().min(1),
      data: z.string().min(1),
      sink: destination,
      ceOverrides: ceOverrides.optional(),
    })
    .refine(({ contentType, data }) => contentType !== 'application/json' || isJson(data), 'data is no JSON'),
});

const needed = ['type', 'source', 'specversion', 'id'];
const eventType = z.strictObject({
  apiVersion: z.literal('eventing.knative.dev/v1beta3'),
  kind: z.literal('EventType'),
  metadata: metadata.extend({ name: z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/) }),
  spec: z.strictObject({
    reference: z.strictObject({ apiVersion: z.string(), kind: z.string(), name: z.string() }).optional(),
    description: z.string().optional(),
    attributes: z
      .array(z.strictObject({ name: z.string(), required: z.boolean(), value: z.string().optional() }))
      .refine(
        (attributes) => needed.every((name) => attributes.some((attribute) => attribute.name === name)),
        `names the attributes ${needed.join(', ')}`,
      ),
  }),
});

const configMap = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('ConfigMap'),
  metadata,
  data: z.record(z.string(), z.string()),
});

const resource = z.discriminatedUnion('kind', [
  serviceResource,
  kafkaSource,
  kafkaSink,
  pingSource,
  eventType,
  configMap,
]);

export type ServiceResource = z.infer<typeof serviceResource>;
export type KafkaSource = z.infer<typeof kafkaSource>;
export type KafkaSink = z.infer<typeof kafkaSink>;
export type PingSource = z.infer<typeof pingSource>;

export type Resources = {
  services: ServiceResource[];
  kafkaSources: KafkaSource[];
  kafkaSinks: KafkaSink[];
  pingSources: PingSource[];
  configMaps: z.infer<typeof configMap>[];
};

/** Kinds of others that may stand beside Knative's and mean nothing on one machine. */
const elsewhere = new Set(['Namespace', 'ServiceAccount', 'KafkaTopic', 'KafkaUser']);

/** Everything in the manifests that Knative would refuse, ignore or misunderstand; empty when it would accept them all. */
export function listRefusals(manifests: readonly Manifest[]): string[] {
  return [...manifests.flatMap(refusalsOf), ...danglingReferences(manifests)];
}

function refusalsOf(manifest: Manifest): string[] {
  if (elsewhere.has(textAt(manifest, 'kind'))) return [];
  const { error } = resource.safeParse(manifest);
  return (error?.issues ?? []).flatMap(flatten).map((issue) => `${identify(manifest)}: ${issue}`);
}

function flatten(issue: z.core.$ZodIssue): string[] {
  return [`${issue.path.join('.')} ${issue.message}`];
}

/** Sorts the manifests by kind with Knative's defaults filled in. Throws `invalid-input` with every refusal. */
export function parseResources(manifests: readonly Manifest[]): Resources {
  const refusals = listRefusals(manifests);
  if (refusals.length > 0)
    throw new AppError('invalid-input', `manifests that Knative refuses:\n${refusals.join('\n')}`);
  const known = manifests.filter((manifest) => !elsewhere.has(textAt(manifest, 'kind')));
  const parsed = known.map((manifest) => resource.parse(manifest));
  return {
    services: parsed.filter((found) => found.kind === 'Service'),
    kafkaSources: parsed.filter((found) => found.kind === 'KafkaSource'),
    kafkaSinks: parsed.filter((found) => found.kind === 'KafkaSink'),
    pingSources: parsed.filter((found) => found.kind === 'PingSource'),
    configMaps: parsed.filter((found) => found.kind === 'ConfigMap'),
  };
}

/** A sink that names nothing is accepted by the webhook and never becomes ready. */
function danglingReferences(manifests: readonly Manifest[]): string[] {
  const present = new Set(
    manifests.map((manifest) => `${textAt(manifest, 'kind')}/${textAt(manifest, 'metadata', 'name')}`),
  );
  return manifests.flatMap((manifest) => {
    const refs = [
      [manifest, 'spec', 'sink', 'ref'],
      [manifest, 'spec', 'delivery', 'deadLetterSink', 'ref'],
    ] as const;
    return refs.flatMap(([from, ...path]) => {
      const wanted = `${textAt(from, ...path, 'kind')}/${textAt(from, ...path, 'name')}`;
      if (wanted === '/' || present.has(wanted)) return [];
      return [`${identify(manifest)}: ${path.join('.')} names ${wanted}, which is not there`];
    });
  });
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
