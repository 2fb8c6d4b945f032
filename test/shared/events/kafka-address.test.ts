import { describe, expect, it } from 'vitest';

import { parseKafkaUrl } from '../../../shared/events/kafka-address.ts';

describe('the address of a Kafka cluster', () => {
  it('names its brokers', () => {
    expect(parseKafkaUrl('kafka://one:9092')).toEqual({ brokers: ['one:9092'], ssl: false });
    expect(parseKafkaUrl('kafka://one:9092,10.0.0.2:9093/')).toEqual({
      brokers: ['one:9092', '10.0.0.2:9093'],
      ssl: false,
    });
  });

  it('says whether they are reached over TLS and as whom', () => {
    expect(parseKafkaUrl('kafka+ssl://one:9093,two:9093')).toEqual({ brokers: ['one:9093', 'two:9093'], ssl: true });
    const account = { username: 'care:flow', password: 'p@ss/word?' };
    const userinfo = 'care%3Aflow:p%40ss%2Fword%3F';
    expect(parseKafkaUrl(`kafka+ssl://${userinfo}@one:9093,two:9093`)).toEqual({
      brokers: ['one:9093', 'two:9093'],
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', ...account },
    });
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512']) {
      const { sasl } = parseKafkaUrl(`kafka://${userinfo}@one:9092?mechanism=${mechanism}`);
      expect(sasl).toEqual({ mechanism, ...account });
    }
  });

  it.each([
    'kafka://',
    'kafka://one',
    'kafka://one:9092,',
    'kafka://one:9092?mechanism=md5',
    'kafka://secret@one:9092',
    'kafka://user:secret@',
    'kafka+ssl://user:secret@one:9092/topic',
  ])('is refused where it is %s, without its password', (url) => {
    expect(() => parseKafkaUrl(url)).toThrow(/kafka\[\+ssl\]:\/\/\[user:password@\]host:port/);
    expect(() => parseKafkaUrl(url)).not.toThrow(/secret/);
  });
});
