import * as z from 'zod';

import { CalendarDate, Country, Id, Instant, PathCountry } from '../fields.ts';
import type { OperationContract } from './contract.ts';

const one = z.strictObject({ country: PathCountry, id: Id });

const writes = { scope: 'patients:write', roles: ['patient', 'admin'] } as const;
const reads = { scope: 'patients:read', roles: ['patient', 'admin'] } as const;

const Export = z
  .strictObject({
    id: Id,
    status: z.enum(['requested', 'completed', 'failed', 'expired']),
    requestedAt: Instant,
    completedAt: Instant.nullable(),
    expiresAt: Instant.nullable().meta({ description: 'Until when the archive can be downloaded' }),
  })
  .meta({ id: 'Export' });

const Rows = z.array(z.record(z.string(), z.unknown()));

export const ExportArchive = z
  .strictObject({
    format: z.literal('careflow-export/1'),
    patientId: Id,
    country: Country,
    createdAt: Instant,
    contexts: z.record(z.string(), z.record(z.string(), Rows)).meta({
      description:
        'Rows by context and table, as they are kept; what is kept sealed is opened, bytes are hexadecimal after \\x. Of laboratory results there is what the patient reads by now: one that is not released yet, or that its laboratory does not stand by, is not in it, and a later export has it once it is released',
    }),
  })
  .meta({ id: 'ExportArchive', description: 'What is kept of a patient (GDPR, articles 15 and 20)' });

const Erasure = z
  .strictObject({
    id: Id,
    status: z.enum(['requested', 'completed', 'failed']),
    requestedAt: Instant,
    completedAt: Instant.nullable(),
    done: z
      .array(z.strictObject({ step: z.string(), erased: z.int().nonnegative(), doneAt: Instant }))
      .meta({ description: 'What is erased so far, in order' }),
    kept: z
      .array(
        z.strictObject({
          context: z.string(),
          law: z.string(),
          until: CalendarDate,
          records: z.int().positive(),
        }),
      )
      .meta({ description: 'What law keeps: apart, sealed, and read by no part of the platform' }),
    fading: z
      .array(z.strictObject({ where: z.string(), days: z.int().positive() }))
      .meta({ description: 'What nobody can reach into, and after how many days it is gone by itself' }),
  })
  .meta({ id: 'Erasure' });

const RequestedErasure = z
  .strictObject({
    ...Erasure.pick({ id: true, status: true }).shape,
    lawKeeps: z
      .array(z.strictObject({ what: z.enum(['clinical', 'consent']), law: z.string(), years: z.int().positive() }))
      .meta({ description: 'Which records will be kept apart all the same, by which law and for how long' }),
    fading: Erasure.shape.fading,
  })
  .meta({ id: 'RequestedErasure' });

export const requestExport = {
  ...writes,
  id: 'requestExport',
  method: 'POST',
  path: '/{country}/patients/{id}/export',
  summary: 'Has what is kept of a patient put into an archive for them: of results, what they read by then',
  params: one,
  status: 202,
  output: Export.pick({ id: true, status: true }).meta({ id: 'RequestedExport' }),
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const getExport = {
  ...reads,
  id: 'getExport',
  method: 'GET',
  path: '/{country}/exports/{id}',
  summary: 'Tells how far an export is',
  params: one,
  status: 200,
  output: Export,
  refusals: [404],
} as const satisfies OperationContract;

export const downloadExport = {
  ...reads,
  roles: ['patient'],
  id: 'downloadExport',
  method: 'GET',
  path: '/{country}/exports/{id}/archive',
  summary: 'Downloads the archive of an export, until it expires; for the patient, and nobody else but a guardian',
  params: one,
  status: 200,
  output: ExportArchive,
  refusals: [404, 409],
} as const satisfies OperationContract;

export const requestErasure = {
  ...writes,
  id: 'requestErasure',
  method: 'POST',
  path: '/{country}/patients/{id}/erase',
  summary: 'Has everything erased that is kept of a patient, but what law keeps; visits to come are cancelled',
  params: one,
  status: 202,
  output: RequestedErasure,
  refusals: [404, 409, 422],
} as const satisfies OperationContract;

export const getErasure = {
  ...reads,
  id: 'getErasure',
  method: 'GET',
  path: '/{country}/erasures/{id}',
  summary: 'Tells how far an erasure is, and what law keeps',
  params: one,
  status: 200,
  output: Erasure,
  refusals: [404],
} as const satisfies OperationContract;
