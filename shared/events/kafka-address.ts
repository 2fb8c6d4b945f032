import type { KafkaConfig } from 'kafkajs';

/** Where a cluster is and how one gets in: what kafkajs is made with. */
export type KafkaAddress = Pick<KafkaConfig, 'ssl' | 'sasl'> & { readonly brokers: string[] };

const FORMAT =
  /^kafka(\+ssl)?:\/\/(?:([^:@/?]+):([^@/?]*)@)?([^@/?]+)\/?(?:\?mechanism=(plain|scram-sha-256|scram-sha-512))?$/;

/**
 * Reads `kafka://host:port[,host:port]`. With `kafka+ssl://` brokers are reached over TLS and checked against the
 * authorities that Node knows (`NODE_EXTRA_CA_CERTS` adds one); `user:password@` before the hosts, each URL-encoded, signs in
 * by SASL, `?mechanism=plain|scram-sha-256|scram-sha-512`, the last unless given. Throws for anything else, without
 * repeating it: there may be a password in it.
 */
export function parseKafkaUrl(url: string): KafkaAddress {
  const [, ssl, user, password = '', hosts = '', mechanism = 'scram-sha-512'] = FORMAT.exec(url) ?? [];
  const brokers = hosts.split(',');
  if (brokers.some((broker) => !/^.+:\d{1,5}$/.test(broker))) {
    throw new Error('a Kafka address is kafka[+ssl]://[user:password@]host:port[,host:port][?mechanism=...]');
  }
  const account = user !== undefined && { username: decodeURIComponent(user), password: decodeURIComponent(password) };
  return { brokers, ssl: ssl !== undefined, ...(account && { sasl: signIn(mechanism, account) }) };
}

function signIn(mechanism: string, account: { username: string; password: string }): NonNullable<KafkaConfig['sasl']> {
  switch (mechanism) {
    case 'plain':
      return { mechanism: 'plain', ...account };
    case 'scram-sha-256':
      return { mechanism: 'scram-sha-256', ...account };
    default:
      return { mechanism: 'scram-sha-512', ...account };
  }
}
