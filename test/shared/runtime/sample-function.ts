import { z } from 'zod';

import type { OperationContract } from '../../../schemas/api/contract.ts';
import { eventContract } from '../../../schemas/events/contract.ts';
import { Country, Id, Instant, Version, wholeNumber } from '../../../schemas/fields.ts';
import type { Caller } from '../../../shared/domain/caller.ts';
import type { IdempotencyClaim, SavedAnswer } from '../../../shared/domain/idempotency.ts';
import { AppError } from '../../../shared/errors.ts';
import type { CareflowFunction } from '../../../shared/runtime/function.ts';
import { route, subscribe } from '../../../shared/runtime/route.ts';

// A small function with one of everything. What it is sent says how it behaves, so that the edge can be seen from
// outside, through either door.

const Note = z.strictObject({ id: Id, version: Version, text: z.string(), due: Instant });

const access = { scope: 'notes', roles: ['patient', 'system'] } as const;
const country = z.strictObject({ country: Country });
const one = z.strictObject({ country: Country, id: Id });

const addNote = {
  ...access,
  id: 'addNote',
  method: 'POST',
  path: '/{country}/notes',
  summary: 'Adds a note',
  params: country,
  body: z.strictObject({
    text: z.string().max(500),
    due: Instant,
    tags: z.record(z.string(), z.int()).optional(),
    pages: z.array(z.strictObject({ number: z.int() })).optional(),
  }),
  status: 201,
  output: Note,
  refusals: [409, 422],
} as const satisfies OperationContract;

const getNote = {
  ...access,
  id: 'getNote',
  method: 'GET',
  path: '/{country}/notes/{id}',
  summary: 'Reads a note',
  params: one,
  query: z.strictObject({ limit: wholeNumber({ min: 1, max: 100, absent: 20 }) }),
  status: 200,
  output: z.strictObject({ ...Note.shape, limit: z.int() }),
  refusals: [404],
} as const satisfies OperationContract;

const editNote = {
  ...access,
  id: 'editNote',
  method: 'PUT',
  path: '/{country}/notes/{id}',
  summary: 'Edits a note',
  params: one,
  body: z.strictObject({ text: z.string().optional() }),
  status: 200,
  output: Note,
  refusals: [404, 412],
} as const satisfies OperationContract;

const dropNote = {
  ...access,
  id: 'dropNote',
  method: 'DELETE',
  path: '/{country}/notes/{id}',
  summary: 'Drops a note',
  params: one,
  status: 204,
  refusals: [404],
} as const satisfies OperationContract;

const scanNote = {
  ...access,
  id: 'scanNote',
  method: 'POST',
  path: '/{country}/scans',
  summary: 'Takes a note as it came',
  params: country,
  takes: ['application/vnd.scan', 'application/json'],
  bodyLimitBytes: 1024,
  status: 202,
  output: z.strictObject({ mediaType: z.string(), bytes: z.string() }),
  answers: { 'application/vnd.receipt': 200 },
  refusals: [422],
} as const satisfies OperationContract;

const listTaken = {
  ...access,
  id: 'listTaken',
  method: 'GET',
  path: '/{country}/taken',
  summary: 'Lists the events taken',
  params: country,
  status: 200,
  output: z.strictObject({ items: z.array(z.string()) }),
  refusals: [],
} as const satisfies OperationContract;

const NoteAdded = eventContract({
  type: 'careflow.note.added.v1',
  source: '/careflow/notes',
  topic: 'note-events',
  summary: 'A note was added.',
  data: z.strictObject({ noteId: Id, at: Instant, labels: z.record(z.string(), z.int()).optional(), does: z.string() }),
});

const Ticked = eventContract({
  type: 'careflow.clock.ticked.v1',
  summary: 'A minute passed.',
  data: z.strictObject({}),
});

export const known = {
  id: '0197b3a0-0000-7000-8000-000000000001',
  version: 3,
  text: 'call back',
  due: '2026-03-01T09:00:00+01:00',
};

/** The codes of AppError by the word that makes an operation or a handler throw one. */
const failures = {
  refuse: 'conflict',
  overlap: 'in-progress',
  throttle: 'rate-limited',
  fail: 'unavailable',
} as const;

export function sampleFunction(): CareflowFunction {
  const answers = new Map<string, SavedAnswer>();
  const taken: string[] = [];
  const save = (claim: IdempotencyClaim | undefined, body: unknown): void => {
    if (claim) answers.set(nameOf(claim), { fingerprint: claim.fingerprint, status: 201, body });
  };

  return {
    name: 'notes',
    routes: [
      route(addNote, async ({ text, due }, { idempotency, log, traceparent }) => {
        const body = { ...known, text, due, version: 1 };
        if (text === 'log') log.info({ traceparent, email: 'ada@example.org', patient: { name: 'Ada' } }, 'noted');
        // As a concurrent request under the same key does: it commits, and this one finds its place taken.
        if (text === 'twin') save(idempotency, body);
        await behave(text === 'twin' ? 'refuse' : text);
        save(idempotency, body);
        return { body };
      }),
      route(getNote, async ({ id, limit }) => ({ body: { ...find(id), limit }, headers: { 'x-source': 'sample' } })),
      route(editNote, async ({ id, text }, { ifMatch }) => {
        const note = find(id);
        if (ifMatch !== undefined && ifMatch !== note.version) throw new AppError('precondition-failed', 'It changed.');
        return { body: { ...note, text: text ?? note.text, version: note.version + 1 } };
      }),
      route(dropNote, async ({ id }) => {
        find(id);
        return { body: undefined };
      }),
      route(scanNote, async ({ received: { mediaType, bytes } }, { preferred }) => {
        if (preferred === undefined) return { body: { mediaType, bytes: bytes.toString('hex') } };
        return bytes[0] === 0
          ? { written: bytes, mediaType: preferred, status: 422 }
          : { written: 'ok', mediaType: preferred };
      }),
      route(listTaken, async () => ({ body: { items: taken } })),
    ],
    subscriptions: [
      subscribe(NoteAdded, async ({ id, data }) => {
        await behave(data.does);
        taken.push(id);
      }),
      subscribe(Ticked, async ({ id }) => {
        taken.push(id);
      }),
    ],
    authenticate: callerOf,
    findAnswer: async (claim) => answers.get(nameOf(claim)),
    limit: async (caller) => {
      if (caller?.subject === 'busy') throw new AppError('rate-limited', 'Slow down.', { retryAfterSeconds: 6.2 });
      return { 'ratelimit-limit': '100', 'ratelimit-remaining': '99', 'ratelimit-reset': '60' };
    },
    dependencies: { store: async () => 'up' },
    close: async () => console.log('{"msg":"sample closed"}'),
  };
}

function nameOf({ subject, operation, key }: IdempotencyClaim): string {
  return `${subject} ${operation} ${key}`;
}

function find(id: string): typeof known {
  if (id === known.id) return known;
  throw new AppError('not-found', 'There is no such note.');
}

async function behave(word: string): Promise<void> {
  const failure = Object.entries(failures).find(([name]) => name === word);
  if (failure) throw new AppError(failure[1], 'It cannot be done.', { nextFree: ['2026-03-01T10:00:00Z'] });
  if (word === 'break') throw new TypeError('a bug that names Ada Lovelace');
  const [, waitMs] = /^wait (\d+)$/.exec(word) ?? [];
  if (word === 'hang' || waitMs !== undefined) console.log(JSON.stringify({ msg: 'under way' }));
  if (word === 'hang') await new Promise(() => undefined);
  if (waitMs !== undefined) await new Promise((resolve) => setTimeout(resolve, Number(waitMs)));
}

/** `Bearer <subject> [country] [role] [scope]` stands for a verified token. */
async function callerOf(authorization: string | undefined): Promise<Caller> {
  const [scheme, subject, country = 'fr', role = 'patient', scope = 'notes'] = authorization?.split(' ') ?? [];
  if (scheme !== 'Bearer' || subject === undefined || subject === 'expired') {
    const reason = authorization === undefined ? 'missing' : 'expired';
    throw new AppError('unauthenticated', 'The access token is not valid.', { reason });
  }
  return { subject, roles: [role === 'staff' ? 'staff' : 'patient'], scopes: [scope], country };
}
