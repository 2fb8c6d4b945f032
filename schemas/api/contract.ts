import type * as z from 'zod';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Role = 'patient' | 'practitioner' | 'staff' | 'system' | 'admin';

type Shape = z.ZodObject;

/** What an HTTP operation promises. Its input is path, query and body in one object; each is checked strictly. */
export type OperationContract<
  Params extends Shape = Shape,
  Query extends Shape = Shape,
  Body extends Shape = Shape,
  Output extends z.ZodType = z.ZodType,
> = {
  /** OpenAPI operationId. */
  readonly id: string;
  readonly method: HttpMethod;
  /** With parameters in braces, `/{country}/bookings/{id}`. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly scope: string;
  readonly roles: readonly Role[];
  readonly params: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Status of success; 204 has no output. */
  readonly status: 200 | 201 | 202 | 204;
  readonly output?: Output;
  /** Statuses of refusal beyond those every operation has (400, 401, 403, 429, 503). */
  readonly refusals: readonly number[];
};

type Checked<T> = T extends z.ZodType ? z.infer<T> : unknown;

export type InputOf<C extends OperationContract> = Checked<C['params']> & Checked<C['query']> & Checked<C['body']>;
export type OutputOf<C extends OperationContract> = C['output'] extends z.ZodType ? z.infer<C['output']> : undefined;
