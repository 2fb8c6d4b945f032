import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponsesObject } from 'zod-openapi';

import type { OperationContract } from '../../schemas/api/contract.ts';

/** RFC 9457. */
const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.string(),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457 problem details; a conflict lists every reason and the next free slots',
  });

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request breaks the contract',
  401: 'No valid access token',
  403: 'The caller may not do this',
  404: 'There is no such resource, or it is not the caller’s',
  409: 'The state does not allow it; every reason is listed',
  412: '`If-Match` names another version',
  413: 'The body is larger than is taken',
  415: 'The body is of another media type, encoding or charset',
  422: 'The request cannot be carried out, or its idempotency key was used for another',
  429: 'Too many requests',
  503: 'A dependency does not answer; try again',
};

const DESCRIPTION =
  'Booking, availability, laboratory results, devices and test kits, accounts and orders, export and erasure. Times are RFC 3339.';

const EVERYWHERE = [400, 401, 403, 429, 503];
const OF_BODIES = [413, 415];

/** The OpenAPI 3.1 document of the operations. */
export function openApi(operations: Readonly<Record<string, readonly OperationContract[]>>) {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [workload, contracts] of Object.entries(operations)) {
    for (const contract of contracts) {
      (paths[contract.path] ??= {})[contract.method.toLowerCase()] = operationObject(workload, contract);
    }
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Careflow', version: '1', description: DESCRIPTION },
    servers: [{ url: 'http://localhost:8080', description: 'Local platform' }],
    security: [{ bearer: [] }],
    paths,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  });
}

function operationObject(workload: string, contract: OperationContract): ZodOpenApiOperationObject {
  return {
    operationId: contract.id,
    summary: contract.summary,
    description: whoMay(contract),
    ...(contract.signed && { security: [] }),
    tags: [workload],
    requestParams: {
      path: contract.params,
      ...(contract.query ? { query: contract.query } : {}),
      header: headers(contract),
    },
    ...requestBody(contract),
    responses: { ...success(contract), ...refusals(contract) },
  };
}

function whoMay({ signed, scope, roles }: OperationContract): string {
  return signed ? 'Whoever signs the body.' : `Scope \`${scope}\`; roles: ${roles.join(', ')}.`;
}

function requestBody({ body, takes }: OperationContract): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (takes) return { requestBody: { required: true, content: asText(takes) } };
  return body ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {};
}

function asText(mediaTypes: readonly string[]) {
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema: z.string() }]));
}

function headers(contract: OperationContract) {
  const key = z.string().min(1).max(255).optional().meta({
    description: 'The same key and body within 24 hours replays the first answer; another body is refused with 422',
  });
  const version = z.string().optional().meta({ description: 'The ETag the change is based on', example: '"1"' });
  return z.object({
    // What is taken as it comes is known again by what it says itself.
    ...(contract.method === 'POST' && !contract.takes ? { 'Idempotency-Key': key } : {}),
    ...(contract.refusals.includes(412) ? { 'If-Match': version } : {}),
  });
}

function success(contract: OperationContract): ZodOpenApiResponsesObject {
  const answers = Object.entries(contract.answers ?? {});
  const statuses = [...new Set([contract.status, ...answers.map(([, status]) => status)])];
  return Object.fromEntries(statuses.map((status) => [`${status}`, { description: 'Done', ...contentOf(status) }]));

  function contentOf(status: number) {
    const written = asText(answers.filter(([, each]) => each === status).map(([mediaType]) => mediaType));
    const json = status === contract.status && contract.output && { 'application/json': { schema: contract.output } };
    const content = { ...json, ...written };
    return Object.keys(content).length > 0 ? { content } : {};
  }
}

function refusals(contract: OperationContract): ZodOpenApiResponsesObject {
  const ofBody = contract.body || contract.takes ? OF_BODIES : [];
  const statuses = [...new Set([...EVERYWHERE, ...ofBody, ...contract.refusals])].toSorted((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => [
      `${status}`,
      { description: MEANINGS[status] ?? 'Refused', content: { 'application/problem+json': { schema: Problem } } },
    ]),
  );
}
