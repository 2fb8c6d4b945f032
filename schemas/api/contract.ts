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
  /** Media types whose bodies reach the operation as they came, as `received`; there is no `body` then. */
  readonly takes?: readonly string[];
  /** Its caller signs the body in place of showing a token; the operation checks that before anything else. */
  readonly signed?: true;
  /** 256 KiB where nothing is said. */
  readonly bodyLimitBytes?: number;
  /** What a success may be written in beside JSON, each with its status. */
  readonly answers?: Readonly<Record<string, number>>;
};

/** A body nobody has looked at. */
export type ReceivedBody = {
  /** In lower case, without parameters. */
  readonly mediaType: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Buffer;
};

type Checked<T> = T extends z.ZodType ? z.infer<T> : unknown;

type Taken<C extends OperationContract> = C['takes'] extends readonly string[]
  ? { readonly received: ReceivedBody }
  : unknown;

export type InputOf<C extends OperationContract> = Checked<C['params']> &
  Checked<C['query']> &
  Checked<C['body']> &
  Taken<C>;
export type OutputOf<C extends OperationContract> = C['output'] extends z.ZodType ? z.infer<C['output']> : undefined;
