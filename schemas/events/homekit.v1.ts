import * as z from 'zod';

import { ConsentVersion, Country, Id, Instant, Version } from '../fields.ts';
import { eventContract } from './contract.ts';

const Device = { deviceId: Id, version: Version, country: Country, patientId: Id } as const;
const TestKit = { testKitId: Id, version: Version, country: Country, patientId: Id } as const;

const published = { source: '/careflow/homekit', topic: 'homekit-events' } as const;

export const HomekitDeviceRegistered = eventContract({
  ...published,
  type: 'careflow.homekit-device.registered.v1',
  summary: 'A device proved that it holds its key and belongs to its owner now.',
  data: z.strictObject(Device),
});

export const HomekitDeviceRejected = eventContract({
  ...published,
  type: 'careflow.homekit-device.rejected.v1',
  summary: 'A device was not registered.',
  data: z.strictObject({
    ...Device,
    reason: z.enum(['bad-payload', 'proof-failed', 'proof-expired', 'owned-by-another']),
  }),
});

export const HomekitDeviceAuthorized = eventContract({
  ...published,
  type: 'careflow.homekit-device.authorized.v1',
  summary: 'Somebody was granted the use of a device.',
  data: z.strictObject({ ...Device, granteeId: Id, role: z.enum(['owner', 'user', 'guest']) }),
});

export const HomekitDeviceRevoked = eventContract({
  ...published,
  type: 'careflow.homekit-device.revoked.v1',
  summary: 'A grant, or the device as a whole, was withdrawn.',
  data: z.strictObject({ ...Device, granteeId: Id.optional() }),
});

export const TestKitRegistered = eventContract({
  ...published,
  type: 'careflow.test-kit.registered.v1',
  summary: 'A test kit was claimed by the person who uses it, or became known to belong to an order.',
  data: z.strictObject({
    ...TestKit,
    orderId: Id.optional(),
    /** To ask for a kit is to consent: to which text, and when. */
    consent: z.strictObject({ consentVersion: ConsentVersion, givenAt: Instant }).optional(),
  }),
});

export const TestKitRejected = eventContract({
  ...published,
  type: 'careflow.test-kit.rejected.v1',
  summary: 'A test kit cannot be used by whoever wanted to register it, or its sample cannot be analysed.',
  data: z.strictObject({
    ...TestKit,
    orderId: Id.optional(),
    reason: z.enum([
      'unknown',
      'claimed-by-another',
      'spent',
      'not-eligible',
      'consent-outdated',
      'lot-expired',
      'collection-time-missing',
      'sample-unstable',
      'damaged',
      'leaked',
      'insufficient-sample',
      'mislabelled',
      'lost',
    ]),
    /** Another kit that is offered in place of this one. */
    replacementOfferId: Id.optional(),
  }),
});
