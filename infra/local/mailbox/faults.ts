import { z } from 'zod';

import type { SendCall } from './aws-query.ts';
import { AwsFault } from './aws-query.ts';
import type { Fate } from './feedback.ts';

const Count = z.int().min(0).default(0);
const Addresses = z.array(z.string()).default([]);

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
  reject: Addresses,
  /** Endpoints that were deleted. */
  deleted: Addresses,
  /** Recipients whose message is taken and then bounces for good. */
  bounce: Addresses,
  /** Recipients whose e-mail is taken and then bounces for the moment. */
  bounceForNow: Addresses,
  /** Recipients who complain of what they are sent. */
  complain: Addresses,
  /** Whether each e-mail and text that is taken is confirmed, as SES and SNS do where they are told to. */
  confirm: z.boolean().default(false),
});

export type Faults = z.infer<typeof Faults>;

export type Outcome = 'send' | 'hang' | 'send-and-disconnect';

export type FaultSwitch = {
  set(faults: Faults): void;
  /** Decides on a send; throws AwsFault where it is refused. */
  decide(call: SendCall): Outcome;
  /** What becomes of a message that was taken, where anybody is told. */
  fateOf(to: string): Fate | undefined;
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
      const refused = messages.find(({ to }) => faults.reject.includes(to));
      if (refused) throw rejected[refused.channel]();
      if (messages.some(({ to }) => faults.deleted.includes(to))) throw noEndpoint();
      return use('disconnect') ? 'send-and-disconnect' : 'send';
    },
    fateOf(to) {
      if (faults.bounce.includes(to)) return 'bounced';
      if (faults.bounceForNow.includes(to)) return 'bounced-for-now';
      if (faults.complain.includes(to)) return 'complained';
      return faults.confirm ? 'delivered' : undefined;
    },
  };
}

function throttled(service: SendCall['service']): AwsFault {
  return service === 'ses'
    ? new AwsFault(400, 'Throttling', 'Maximum sending rate exceeded.')
    : new AwsFault(429, 'Throttled', 'Rate exceeded.');
}

const rejected = {
  email: () => new AwsFault(400, 'MessageRejected', 'Email address is on the suppression list.'),
  sms: () => new AwsFault(400, 'OptedOut', 'The phone number has opted out.'),
  push: () => new AwsFault(400, 'EndpointDisabled', 'Endpoint is disabled'),
} as const;

function noEndpoint(): AwsFault {
  const reason = 'No endpoint found for the target arn specified';
  return new AwsFault(400, 'InvalidParameter', `Invalid parameter: TargetArn Reason: ${reason}`);
}
