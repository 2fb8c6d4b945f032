import { z } from 'zod';

import type { SendCall } from './aws-query.ts';
import { AwsFault } from './aws-query.ts';

const Count = z.int().min(0).default(0);

/** What goes wrong on purpose: the counts are used up one by one, in this order. */
export const Faults = z.strictObject({
  /** So many sends are throttled. */
  throttle: Count,
  /** So many sends fail within the provider. */
  fail: Count,
  /** So many sends are never answered, and not sent. */
  hang: Count,
  /** So many sends are carried out, and then the connection is cut instead of an answer. */
  disconnect: Count,
  /** Recipients refused for good. */
  reject: z.array(z.string()).default([]),
});

export type Faults = z.infer<typeof Faults>;

export type Outcome = 'send' | 'hang' | 'send-and-disconnect';

export type FaultSwitch = {
  set(faults: Faults): void;
  /** Decides on a send; throws AwsFault where it is refused. */
  decide(call: SendCall): Outcome;
};

export function createFaultSwitch(): FaultSwitch {
  let faults = Faults.parse({});
  const use = (name: 'throttle' | 'fail' | 'hang' | 'disconnect') => {
    if (faults[name] === 0) return false;
    faults = { ...faults, [name]: faults[name] - 1 };
    return true;
  };
  return {
    set: (next) => (faults = next),
    decide({ service, messages }) {
      if (use('throttle')) throw throttled(service);
      if (use('fail')) throw new AwsFault(500, 'InternalFailure', 'The provider failed.');
      if (use('hang')) return 'hang';
      if (messages.some(({ to }) => faults.reject.includes(to))) throw rejected(service);
      return use('disconnect') ? 'send-and-disconnect' : 'send';
    },
  };
}

function throttled(service: SendCall['service']): AwsFault {
  return service === 'ses'
    ? new AwsFault(400, 'Throttling', 'Maximum sending rate exceeded.')
    : new AwsFault(429, 'Throttled', 'Rate exceeded.');
}

function rejected(service: SendCall['service']): AwsFault {
  return service === 'ses'
    ? new AwsFault(400, 'MessageRejected', 'Email address is on the suppression list.')
    : new AwsFault(400, 'OptedOut', 'The phone number has opted out.');
}
