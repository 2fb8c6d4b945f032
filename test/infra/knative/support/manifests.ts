import { parseManifests, type Manifest } from '../../../../infra/local/knative/kustomize.ts';

type ServiceText = {
  name?: string;
  concurrency?: number;
  timeoutSeconds?: number;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  env?: object[];
};

/** A Service that the webhook accepts, as JSON, which is YAML. */
export function serviceManifest(given: ServiceText = {}): Manifest {
  const { name = 'sample', concurrency = 0, timeoutSeconds = 60, annotations = {}, labels = {}, env = [] } = given;
  const text = `
    apiVersion: serving.knative.dev/v1
    kind: Service
    metadata: { name: ${name}, labels: ${JSON.stringify(labels)} }
    spec:
      template:
        metadata: { annotations: ${JSON.stringify(annotations)} }
        spec:
          containerConcurrency: ${concurrency}
          timeoutSeconds: ${timeoutSeconds}
          containers:
            - image: dev.local/careflow:latest
              args: [${name}]
              env: ${JSON.stringify(env)}
              readinessProbe: { httpGet: { path: /health/ready } }
              startupProbe: { httpGet: { path: /health/startup }, periodSeconds: 1, failureThreshold: 30 }
              securityContext:
                allowPrivilegeEscalation: false
                capabilities: { drop: [ALL] }
                runAsNonRoot: true
                seccompProfile: { type: RuntimeDefault }`;
  return one(text);
}

/** The one manifest of a text. */
export function one(text: string): Manifest {
  const [manifest] = parseManifests(text);
  if (!manifest) throw new Error('no manifest');
  return manifest;
}
