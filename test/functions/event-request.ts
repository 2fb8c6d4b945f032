import type { AnyEvent } from '../../schemas/events/contract.ts';

/** An event in binary content mode, as a KafkaSource delivers it. */
export function requestOf({ data, ...attributes }: AnyEvent) {
  const headers = Object.entries(attributes)
    .filter(([name]) => name !== 'datacontenttype')
    .map(([name, value]) => [`ce-${name}`, String(value)]);
  return {
    method: 'POST',
    url: '/events',
    headers: { 'content-type': 'application/json', ...Object.fromEntries(headers) },
    payload: JSON.stringify(data),
  } as const;
}
