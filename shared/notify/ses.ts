import { SendRawEmailCommand, SESClient } from '@aws-sdk/client-ses';

import type { AwsOptions } from './aws.ts';
import { clientSettings, nameProviderError } from './aws.ts';

/** Hands a MIME message over for one recipient; resolves to the id it is given. */
export type DeliverEmail = (message: Uint8Array, to: string) => Promise<string>;

export function openSes(options: AwsOptions): DeliverEmail {
  const client = new SESClient(clientSettings(options));
  return async (Data, to) => {
    try {
      const answer = await client.send(new SendRawEmailCommand({ Destinations: [to], RawMessage: { Data } }));
      return answer.MessageId ?? '';
    } catch (error) {
      throw nameProviderError('ses', error);
    }
  };
}
