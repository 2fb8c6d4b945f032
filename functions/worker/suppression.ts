import type { Queryable } from '../../shared/db/client.ts';
import { markSuppressed } from '../../shared/db/suppressed-addresses.ts';
import type { Channel, Recipient } from '../../shared/domain/notification.ts';

/** Whether nobody is written to at the address: it bounced, or its owner complained. */
export async function isSuppressed(db: Queryable, channel: Channel, address: string): Promise<boolean> {
  const addresses = { email: undefined, sms: undefined, push: undefined, [channel]: address };
  const [marked] = await markSuppressed(db, [{ ...anybody, addresses }]);
  return marked?.suppressed.includes(channel) === true;
}

const anybody: Omit<Recipient, 'addresses'> = {
  type: 'patient',
  id: '',
  language: 'en',
  suppressed: [],
  preferences: {},
  quietHours: undefined,
};
