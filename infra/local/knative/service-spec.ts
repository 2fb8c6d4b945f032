import { z } from 'zod';
import { goDurationMs } from './go-duration.ts';

const reservedEnv = new Set(['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION']);
const reservedPorts = new Set([8012, 8013, 8022, 9090, 9091, 8008]);

const count = z.int().min(0);
const envName = z.string().refine((found) => !reservedEnv.has(found), 'is set by Knative');
const keyRef = z.strictObject({ name: z.string(), key: z.string(), optional: z.boolean().default(false) });
const sourceRef = z.strictObject({ name: z.string(), optional: z.boolean().default(false) });

// fieldRef and resourceFieldRef need a feature flag; they are no keys here, and so refused.
const env = z.union([
  z.strictObject({ name: envName, value: z.string().default('') }),
  z.strictObject({ name: envName, valueFrom: z.strictObject({ secretKeyRef: keyRef }) }),
  z.strictObject({ name: envName, valueFrom: z.strictObject({ configMapKeyRef: keyRef }) }),
]);
const envFrom = z.union([
  z.strictObject({ prefix: z.string().default(''), configMapRef: sourceRef }),
  z.strictObject({ prefix: z.string().default(''), secretRef: sourceRef }),
]);

const port = z.union([z.int(), z.string()]);
const probe = z
  .strictObject({
    httpGet: z
      .strictObject({
        path: z.string().startsWith('/'),
        port: port.optional(),
        host: z.string().optional(),
        scheme: z.literal('HTTP').optional(),
        httpHeaders: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
      })
      .optional(),
    tcpSocket: z.strictObject({ port: port.optional(), host: z.string().optional() }).optional(),
    initialDelaySeconds: count.default(0),
    periodSeconds: count.optional(),
    timeoutSeconds: count.optional(),
    successThreshold: count.min(1).default(1),
    failureThreshold: count.optional(),
  })
  .refine(
    ({ httpGet, tcpSocket }) => (httpGet === undefined) !== (tcpSocket === undefined),
    'has one of httpGet, tcpSocket',
  );

const readinessProbe = probe
  .refine(
    ({ periodSeconds = 0, failureThreshold = 0, timeoutSeconds = 0 }) =>
      periodSeconds > 0 || (failureThreshold === 0 && timeoutSeconds === 0),
    'failureThreshold and timeoutSeconds are forbidden where periodSeconds is unset or zero',
  )
  .refine(
    ({ periodSeconds = 0, failureThreshold = 3, timeoutSeconds = 1 }) =>
      periodSeconds === 0 || (failureThreshold >= 1 && timeoutSeconds >= 1),
    'failureThreshold and timeoutSeconds are at least 1',
  );

/** All four, which Knative leaves open and the restricted pod security standard asks for. */
const securityContext = z.strictObject({
  allowPrivilegeEscalation: z.literal(false),
  capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  runAsNonRoot: z.literal(true),
  seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  readOnlyRootFilesystem: z.boolean().optional(),
  privileged: z.literal(false).optional(),
  runAsUser: count.optional(),
  runAsGroup: count.optional(),
});

const quantities = z.record(z.string(), z.union([z.string(), z.number()]));
const containerPort = z.strictObject({
  containerPort: z
    .int()
    .min(0)
    .max(65535)
    .refine((number) => !reservedPorts.has(number), 'is reserved by Knative'),
  name: z.enum(['h2c', 'http1', '']).optional(),
  protocol: z.literal('TCP').optional(),
});

const container = z.strictObject({
  name: z
    .string()
    .refine((found) => found !== 'queue-proxy', 'is reserved by Knative')
    .optional(),
  image: z.string().min(1),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  workingDir: z.string().optional(),
  env: z.array(env).default([]),
  envFrom: z.array(envFrom).default([]),
  ports: z.array(containerPort).max(1).optional(),
  resources: z.strictObject({ limits: quantities.optional(), requests: quantities.optional() }).optional(),
  livenessProbe: probe.optional(),
  readinessProbe: readinessProbe.optional(),
  startupProbe: probe.optional(),
  securityContext,
  terminationMessagePath: z.string().optional(),
  terminationMessagePolicy: z.enum(['File', 'FallbackToLogsOnError']).optional(),
  volumeMounts: z
    .array(
      z.strictObject({
        name: z.string(),
        mountPath: z.string().refine((path) => !['/', '/dev', '/dev/log'].includes(path), 'is reserved'),
        readOnly: z.boolean().optional(),
        subPath: z.string().optional(),
      }),
    )
    .optional(),
});

const within = (from: string, to: string) => (text: string) => {
  const length = goDurationMs(text);
  return length >= goDurationMs(from) && length <= goDurationMs(to);
};
const wholeNumber = z.string().regex(/^\d{1,9}$/, 'is a whole number');
const domain = 'autoscaling.knative.dev';

const autoscaling = {
  [`${domain}/class`]: z.enum(['kpa.autoscaling.knative.dev', 'hpa.autoscaling.knative.dev']),
  [`${domain}/metric`]: z.enum(['concurrency', 'rps']),
  [`${domain}/min-scale`]: wholeNumber,
  [`${domain}/max-scale`]: wholeNumber,
  [`${domain}/initial-scale`]: wholeNumber.refine(
    (text) => Number(text) >= 1,
    'is at least 1 unless the cluster allows 0',
  ),
  [`${domain}/activation-scale`]: wholeNumber.refine((text) => Number(text) >= 2, 'is at least 2'),
  [`${domain}/target`]: z.string().refine((text) => Number(text) >= 0.01, 'is at least 0.01'),
  [`${domain}/target-utilization-percentage`]: z
    .string()
    .refine((text) => Number(text) >= 1 && Number(text) <= 100, 'is within 1..100'),
  [`${domain}/target-burst-capacity`]: z
    .string()
    .refine((text) => Number(text) >= 0 || text === '-1', 'is -1 or above'),
  [`${domain}/panic-window-percentage`]: z
    .string()
    .refine((text) => Number(text) >= 1 && Number(text) <= 100, 'is within 1..100'),
  [`${domain}/panic-threshold-percentage`]: z
    .string()
    .refine((text) => Number(text) >= 110 && Number(text) <= 1000, 'is within 110..1000'),
  [`${domain}/window`]: z.string().refine(within('6s', '1h'), 'is within 6s..1h'),
  [`${domain}/scale-down-delay`]: z.string().refine(within('0s', '1h'), 'is within 0s..1h'),
  [`${domain}/scale-to-zero-pod-retention-period`]: z.string().refine(within('0s', '1h'), 'is within 0s..1h'),
};

const templateAnnotations = z
  .object(autoscaling)
  .partial()
  .catchall(z.string())
  .superRefine((annotations, context) => {
    const unknown = Object.keys(annotations).filter((key) => key.startsWith(`${domain}/`) && !(key in autoscaling));
    for (const key of unknown) context.addIssue(`${key} is no annotation of the autoscaler`);
  })
  .refine(isScaleOrdered, 'max-scale is below min-scale or activation-scale');

function isScaleOrdered(annotations: Record<string, string | undefined>): boolean {
  const scale = (key: string) => Number(annotations[`${domain}/${key}`] ?? 0);
  return scale('max-scale') === 0 || scale('max-scale') >= Math.max(scale('min-scale'), scale('activation-scale'));
}

const defaultTimeoutSeconds = 300;

/**
 * A pod's fields that need a feature flag (affinity, nodeSelector, tolerations, initContainers, pod securityContext, ...) and
 * those that Knative owns (terminationGracePeriodSeconds, lifecycle) are no keys here, and so refused.
 */
const podSpec = z.strictObject({
  containers: z.tuple([container]),
  containerConcurrency: count.max(1000).default(0),
  // The pod's grace period equals it and queue-proxy drains for 30 s, so less than 60 cuts off what is under way.
  timeoutSeconds: count.min(60).max(600).default(defaultTimeoutSeconds),
  responseStartTimeoutSeconds: count.max(600).optional(),
  idleTimeoutSeconds: count.max(600).optional(),
  serviceAccountName: z.string().optional(),
  automountServiceAccountToken: z.literal(false).optional(),
  enableServiceLinks: z.boolean().optional(),
  imagePullSecrets: z.array(z.strictObject({ name: z.string() })).optional(),
  volumes: z.array(z.record(z.string(), z.json())).optional(),
});

export const serviceSpec = z.strictObject({
  template: z.strictObject({
    metadata: z
      .strictObject({
        name: z.string().optional(),
        labels: z.record(z.string(), z.string()).default({}),
        annotations: templateAnnotations.default({}),
      })
      .default({ labels: {}, annotations: {} }),
    spec: podSpec,
  }),
  traffic: z.array(z.record(z.string(), z.json())).optional(),
});

export type Container = z.infer<typeof container>;

/** How far a service scales, by its annotations; `maxScale` 0 is without a limit. */
export function scaleOf(annotations: Record<string, string | undefined>) {
  const window = annotations[`${domain}/window`];
  const retention = annotations[`${domain}/scale-to-zero-pod-retention-period`];
  return {
    minScale: Number(annotations[`${domain}/min-scale`] ?? 0),
    maxScale: Number(annotations[`${domain}/max-scale`] ?? 0),
    windowMs: window === undefined ? undefined : goDurationMs(window),
    retentionMs: retention === undefined ? 0 : goDurationMs(retention),
  };
}
