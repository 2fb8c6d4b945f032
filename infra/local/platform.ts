import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { connectDatabase } from '../../shared/db/client.ts';
import { migrate } from '../../shared/db/migrate.ts';
import { openEventLog } from '../../shared/events/open-event-log.ts';
import { bundleFunctions } from '../image/bundle.ts';
import { findSampleUser, listSamples, seedIfEmpty } from '../seed/seed.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { renderKustomization } from './knative/kustomize.ts';
import { type Knative, startKnative } from './knative/start.ts';
import { mustBeFulfilled } from './knative/settled.ts';
import { endEarlierRun, functionPids } from './leftovers.ts';
import { startMailbox } from './mailbox/start.ts';
import { audience } from './oidc/sample-access.ts';
import { startOidc } from './oidc/start.ts';
import type { Platform } from './platform-file.ts';
import { keepRetentionKey } from './retention-key.ts';
import { createRoleUrls } from './role-urls.ts';
import { type Services, startServices } from './services/start-services.ts';
import { readTopics } from './services/topics.ts';
import { keepSubjectKeysSecret } from './subject-keys-secret.ts';

export type PlatformOptions = {
  readonly home: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly eventLog: 'kafka' | 'postgres' | 'auto';
  /** Servers named here are used instead of our own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onProgress: (what: string) => void;
  readonly onLine: (source: string, line: string) => void;
};

export type RunningPlatform = {
  readonly platform: Platform;
  readonly services: Services;
  readonly knative: Knative;
  /** Drains and ends everything that was started; what one part fails with is thrown when the others have ended. */
  stop(): Promise<void>;
};

/** As knative/overlays/local names it. */
const FEEDBACK_TOPIC = 'arn:aws:sns:eu-west-3:000000000000:ses-feedback';

const OVERLAY = fileURLToPath(new URL('../../knative/overlays/local', import.meta.url));

/** Brings up the whole platform on this machine. What was started is stopped again when a later part cannot start. */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const parts: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    const ended: PromiseSettledResult<unknown>[] = [];
    for (const end of parts.splice(0).toReversed()) ended.push(...(await Promise.allSettled([end()])));
    mustBeFulfilled(ended);
  };
  try {
    return await startParts(options, parts, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: PlatformOptions,
  parts: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<RunningPlatform> {
  const { home, onProgress } = options;
  const bundle = join(home, 'functions');
  await endEarlierRun(home);
  const bundled = bundleFunctions(bundle);
  // Its failure is for whoever waits for it, when there is something to stop.
  bundled.catch(() => undefined);
  const services = await startServices(options);
  parts.push(() => services.stop());
  await bundled;
  await migrate(services.urls.DATABASE_URL);
  const urls = await createRoleUrls(services.urls.DATABASE_URL);
  onProgress('The databases are migrated');
  await seedIfEmpty(urls, { onProgress });

  const eventLog = openEventLog(services.urls.EVENT_LOG_URL, { clientId: 'careflow-local-knative' });
  parts.push(() => eventLog.close());
  await eventLog.ensureTopics(await readTopics({ brokers: 1 }));
  onProgress('The topics are there');

  const helpers = await startHelpers(options, parts, urls);
  const secrets = {
    ...urls,
    ...services.urls,
    SUBJECT_KEYS_SECRET: await keepSubjectKeysSecret(home),
    RETENTION_PUBLIC_KEY: await keepRetentionKey(home),
  };
  const values = {
    secrets: { careflow: secrets },
    configMaps: { careflow: helpers.config },
  };
  const command = (name: string) => ({
    argv: [process.execPath, join(bundle, name, 'main.mjs')],
    pidFolder: functionPids(home),
    env: { NODE_COMPILE_CACHE: join(home, 'compile-cache'), DRAIN_DELAY_MS: '0', PATH: process.env['PATH'] ?? '' },
  });
  const manifests = await renderKustomization(OVERLAY);
  const knative = await startKnative(manifests, { command, values, eventLog, log: options.onLine });
  parts.push(() => knative.stop());
  onProgress('Knative plays the manifests of knative/overlays/local');

  const samples = connectDatabase(services.urls.DATABASE_URL, {
    applicationName: 'careflow-samples',
    maxConnections: 2,
  });
  parts.push(() => samples.$client.end());
  const gateway = await startGateway({
    port: options.port,
    functions: knative,
    helpers: { '/oidc': helpers.oidc, '/mailbox': helpers.mailbox },
    samples: () => listSamples(samples),
  });
  parts.push(() => gateway.stop());
  return { platform: describe(gateway, helpers, secrets), services, knative, stop };
}

async function startHelpers(
  { home, port }: PlatformOptions,
  parts: (() => Promise<unknown>)[],
  urls: { DATABASE_URL_PRACTITIONER: string; DATABASE_URL_PATIENT: string },
) {
  const mailbox = await startMailbox({
    dir: join(home, 'mailbox'),
    port: 0,
    feedback: { url: `http://localhost:${port}/fr/notifications/feedback`, topicArn: FEEDBACK_TOPIC },
  });
  parts.push(() => mailbox.stop());
  const issuer = `http://localhost:${port}/oidc`;
  const oidc = await startOidc({ dir: join(home, 'oidc'), port: 0, issuer, findUser: findSampleUser(urls) });
  parts.push(() => oidc.stop());
  return {
    mailbox: mailbox.url,
    oidc: oidc.url,
    config: {
      OIDC_ISSUER: issuer,
      OIDC_AUDIENCE: audience,
      OIDC_JWKS_URL: oidc.jwksUrl,
      AWS_ENDPOINT_URL: mailbox.url,
    },
  };
}

function describe(
  gateway: Gateway,
  { oidc, mailbox }: { oidc: string; mailbox: string },
  environment: Record<string, string>,
): Platform {
  return { pid: process.pid, gateway: gateway.url, oidc, mailbox, environment };
}
