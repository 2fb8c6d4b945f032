import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Kafka, logLevel } from 'kafkajs';

import { quietRequestQueues } from '../../../shared/events/kafka-request-queue.ts';
import { runCommand } from './command.ts';
import { findJava } from './java.ts';
import { kafkaJars } from './kafka-jars.ts';
import { startService, type Service } from './process.ts';

export type KafkaOptions = {
  /** Where the broker's data and settings are kept. */
  dir: string;
  /** Where the jars are kept; shared by every broker of this machine. */
  libs: string;
  port: number;
  controllerPort: number;
  logFile: string;
  /** Broker settings beside those given here. */
  settings?: Readonly<Record<string, string>>;
  onProgress?: (what: string) => void;
  onExit?: (reason: string) => void;
};

const LOGGING = fileURLToPath(new URL('../../kafka/log4j2.properties', import.meta.url));

/** Quick to start and small: this broker serves one machine. */
const JVM = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];

/** Apache Kafka in KRaft mode, one node in both roles, on 127.0.0.1. Throws MissingRequirement without Java or its jars. */
export async function startKafka(options: KafkaOptions): Promise<Service> {
  const { dir, port, logFile, onExit } = options;
  const java = await findJava();
  const jars = await kafkaJars(options.libs, options.onProgress);
  const properties = join(dir, 'server.properties');
  const classPath = ['-cp', join(jars, '*')];
  return startService(
    {
      name: 'Kafka',
      command: java,
      args: [...JVM, `-Dlog4j2.configurationFile=${LOGGING}`, ...classPath, 'kafka.Kafka', properties],
      logFile,
      pidFile: join(dir, 'kafka.pid'),
      mark: properties,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 15_000,
      startTimeoutMs: 90_000,
      prepare: async () => {
        await mkdir(dir, { recursive: true });
        await writeFile(properties, brokerProperties(options));
        await format(java, classPath, dir, properties);
      },
      isReady: async () => {
        const clusterId = await findClusterId(dir);
        return clusterId !== undefined && (await clusterAt(port)) === clusterId;
      },
      ...(onExit && { onExit }),
    },
    `kafka://127.0.0.1:${port}`,
  );
}

function brokerProperties({ dir, port, controllerPort, settings }: KafkaOptions): string {
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(dir, 'data'),
    'auto.create.topics.enable': 'false',
    'delete.topic.enable': 'true',
    // 1 MB of value, with room for key and headers.
    'message.max.bytes': String(2 * 1024 * 1024),
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '2',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'log.cleaner.dedupe.buffer.size': String(8 * 1024 * 1024),
    'log.cleaner.threads': '1',
    'num.network.threads': '2',
    'num.io.threads': '2',
    'background.threads': '2',
    ...settings,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function format(java: string, classPath: string[], dir: string, properties: string): Promise<void> {
  if ((await findClusterId(dir)) !== undefined) return;
  const flags = ['-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${LOGGING}`, ...classPath];
  await runCommand(java, [...flags, 'kafka.tools.StorageTool', 'format', '-t', newClusterId(), '-c', properties]);
}

/** A UUID as Kafka writes it, in base64; with a dash at its beginning it would read as an option. */
function newClusterId(): string {
  return `C${randomBytes(16).toString('base64url').slice(1)}`;
}

/** The cluster that the folder was formatted for. */
async function findClusterId(dir: string): Promise<string | undefined> {
  const properties = await readFile(join(dir, 'data', 'meta.properties'), 'utf8').catch(() => '');
  return /^cluster\.id=(.+)$/m.exec(properties)?.[1];
}

/** The cluster of the broker that answers at the port. */
async function clusterAt(port: number): Promise<string | undefined> {
  quietRequestQueues();
  const client = new Kafka({
    clientId: 'careflow-start',
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const { brokers, clusterId } = await admin.describeCluster();
    return brokers.length > 0 ? clusterId : undefined;
  } catch {
    return undefined;
  } finally {
    await admin.disconnect();
  }
}
