import type { MessageAttributeValue } from '@aws-sdk/client-sns';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

import type { AwsOptions } from './aws.ts';
import { clientSettings, nameProviderError } from './aws.ts';

type TextMessage = ({ readonly PhoneNumber: string } | { readonly TargetArn: string }) & {
  readonly Message: string;
  readonly MessageStructure?: string;
  readonly MessageAttributes: Record<string, MessageAttributeValue>;
};

/** Hands a text over for one phone, or one app on it; resolves to the id it is given. */
export type DeliverText = (message: TextMessage) => Promise<string>;

export function openSns(options: AwsOptions): DeliverText {
  const client = new SNSClient(clientSettings(options));
  return async (message) => {
    try {
      const answer = await client.send(new PublishCommand(message));
      return answer.MessageId ?? '';
    } catch (error) {
      throw nameProviderError('sns', error);
    }
  };
}
