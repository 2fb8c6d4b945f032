import { randomUUIDv7 } from 'node:crypto';

import { AddressBounced } from '../../schemas/events/customer.v1.ts';
import type { Queryable } from '../../shared/db/client.ts';
import { enqueue, outgoing, type OutgoingEvent } from '../../shared/db/outbox.ts';
import { listOwners, type Owner } from '../../shared/db/recipients.ts';
import { notificationOutbox } from '../../shared/db/schema/notification.ts';
import { hashOf, suppressAddress } from '../../shared/db/suppressed-addresses.ts';
import type { Channel } from '../../shared/domain/notification.ts';

type GivenUp = {
  readonly channel: Channel;
  readonly address: string;
  readonly reason: 'bounced' | 'complained';
  readonly at: Temporal.Instant;
};

type Context = { readonly now: Temporal.Instant; readonly traceparent: string };

/** Writes to an address no more, and tells of it those whose it is, whoever wrote to them. */
export async function giveUpAddress(
  tx: Queryable,
  patients: Queryable,
  given: GivenUp,
  context: Context,
): Promise<void> {
  const { channel, address, reason } = given;
  if (!(await suppressAddress(tx, channel, address, reason))) return;
  const owners = await listOwners(patients, channel, address);
  await enqueue(
    tx,
    notificationOutbox,
    owners.map((owner) => addressBounced(owner, given, context)),
  );
}

function addressBounced(
  { id: customerId, country }: Owner,
  { channel, address, reason, at }: GivenUp,
  { now, traceparent }: Context,
): OutgoingEvent {
  const addressHash = hashOf(channel, address).toString('hex');
  return outgoing(AddressBounced, {
    id: randomUUIDv7(),
    subject: customerId,
    partitionKey: customerId,
    time: now,
    traceparent,
    data: { customerId, country, occurredAt: at.toString(), channel, addressHash, reason },
  });
}
