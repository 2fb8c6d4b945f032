import { stringify } from 'yaml';

import type { EventContract } from '../../schemas/events/contract.ts';

/** Knative EventTypes, so that `kubectl get eventtypes` tells what travels here. */
export function eventTypes(events: readonly EventContract[]): string {
  const documents = events.filter((event) => event.topic !== undefined).map((event) => stringify(eventType(event)));
  return `# Generated from schemas/events by \`npm run contracts\`.\n${documents.join('---\n')}`;
}

function eventType(event: EventContract): object {
  return {
    apiVersion: 'eventing.knative.dev/v1beta3',
    kind: 'EventType',
    metadata: { name: event.type },
    spec: {
      description: event.summary,
      attributes: [
        { name: 'type', required: true, value: event.type },
        { name: 'source', required: true, value: event.source },
        { name: 'specversion', required: true, value: '1.0' },
        { name: 'id', required: true },
        { name: 'dataschema', required: false, value: event.dataschema },
        { name: 'partitionkey', required: true },
      ],
    },
  };
}
