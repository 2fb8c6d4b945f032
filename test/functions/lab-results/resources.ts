import { randomUUID } from 'node:crypto';

import type { FastifyInstance } from 'fastify';
import { expect } from 'vitest';

import type { Database } from '../../../shared/db/client.ts';
import { submitted, submittedData } from './samples.ts';
import { recordOf } from './world.ts';

type Opened = { readonly app: FastifyInstance; readonly admin: Database };

/** Makes what the path of an operation names, of a patient. @returns its id, and that of a document of it. */
export async function addLabResource(
  { app, admin }: Opened,
  path: string,
  { patientId }: { readonly patientId: string },
): Promise<{ id: string; documentId: string }> {
  if (path.startsWith('/{country}/patients/')) return { id: patientId, documentId: '' };
  const mrn = randomUUID();
  await admin.$client.query("INSERT INTO patient.identifiers VALUES ('CLINIC', $1, $2)", [mrn, patientId]);
  const controlId = randomUUID();
  const sample = submittedData({ mrn, controlId, value: '7.1' });
  if (path.startsWith('/{country}/lab-codes')) sample.sender = randomUUID();
  await deliver(withDocument(path.startsWith('/{country}/lab-codes') ? withLocalCode(sample) : sample));
  if (path.startsWith('/{country}/lab-quarantine')) await deliver(submittedData({ mrn, controlId, value: '7.2' }));
  const query = queries.find(([prefix]) => path.startsWith(`/{country}/${prefix}`))?.[1] ?? '';
  const { rows } = await admin.$client.query<{ id: string }>(query, [named(query)]);
  const documents = await admin.$client.query<{ id: string }>(
    'SELECT id FROM laboratory.documents WHERE report_id = $1',
    [rows[0]?.id],
  );
  return { id: rows[0]?.id ?? '', documentId: documents.rows[0]?.id ?? '' };

  function named(query: string): string {
    if (query.includes('patient_id')) return patientId;
    return query.includes('control_id') ? controlId : sample.sender;
  }

  async function deliver(data: object): Promise<void> {
    const { headers, ...request } = recordOf(JSON.stringify(data), { contentType: 'application/json' });
    const own = { 'ce-type': submitted, 'ce-id': randomUUID(), 'ce-source': '/lab' };
    const { statusCode } = await app.inject({ ...request, headers: { ...headers, ...own } });
    expect(statusCode).toBe(204);
  }
}

const queries = [
  ['results/', 'SELECT id FROM laboratory.reports WHERE patient_id = $1'],
  ['critical-results/', 'SELECT id FROM laboratory.critical_alerts WHERE patient_id = $1'],
  ['lab-quarantine/', 'SELECT id FROM laboratory.quarantine WHERE control_id = $1'],
  ['lab-codes/', 'SELECT id FROM laboratory.local_codes WHERE sender = $1'],
] as const;

type Data = ReturnType<typeof submittedData>;

function withDocument(data: Data): object {
  const documents = [{ contentType: 'application/pdf', data: Buffer.from('%PDF-1.7').toString('base64') }];
  return { ...data, reports: data.reports.map((report) => ({ ...report, documents })) };
}

function withLocalCode(data: Data): Data {
  const codings = [{ system: 'L', code: 'K', display: 'Potassium' }];
  const reports = data.reports.map((report) => ({
    ...report,
    observations: report.observations.map((observation) => ({ ...observation, code: { codings } })),
  }));
  return { ...data, reports };
}
