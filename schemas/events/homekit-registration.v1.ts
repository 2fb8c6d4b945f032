import * as z from 'zod';

import { Country, Id } from '../fields.ts';
import { eventContract } from './contract.ts';

/** What is asked for is kept with the request: these say only that it is there to be seen to. */
const published = { source: '/careflow/homekit', topic: 'homekit-registrations' } as const;

export const HomekitDeviceSubmitted = eventContract({
  ...published,
  type: 'careflow.homekit-device.submitted.v1',
  summary: 'Somebody wants to register a device.',
  data: z.strictObject({ country: Country, deviceId: Id }),
});

export const HomekitProofSubmitted = eventContract({
  ...published,
  type: 'careflow.homekit-proof.submitted.v1',
  summary: 'A device answered the nonce it was sent.',
  data: z.strictObject({ country: Country, deviceId: Id, proofId: Id }),
});

export const HomekitGrantSubmitted = eventContract({
  ...published,
  type: 'careflow.homekit-grant.submitted.v1',
  summary: 'An owner wants to let somebody use a device, or to give it away.',
  data: z.strictObject({ country: Country, deviceId: Id, grantId: Id }),
});

export const TestKitSubmitted = eventContract({
  ...published,
  type: 'careflow.test-kit.submitted.v1',
  summary: 'Somebody wants to register a test kit.',
  data: z.strictObject({ country: Country, registrationId: Id }),
});

export const CustodyScanSubmitted = eventContract({
  ...published,
  type: 'careflow.custody-scan.submitted.v1',
  summary: 'A step of a test kit’s chain of custody was handed in.',
  data: z.strictObject({ country: Country, testKitId: Id, scanId: Id }),
});
