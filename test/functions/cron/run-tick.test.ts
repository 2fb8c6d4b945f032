import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { cleanUp } from '../../../functions/cron/clean-up.ts';
import { minuteLimits, type TickLimits } from '../../../functions/cron/run-tick.ts';
import { inBatches, type Task, type TaskContext, withShare } from '../../../functions/cron/task.ts';
import { leases, taskRuns } from '../../../shared/db/schema/cron.ts';
import { listTaskRuns } from '../../../shared/db/task-runs.ts';
import { awayDatabase, openContexts, type TestContexts } from './contexts.ts';
import { tick, tickingServer } from './tick.ts';

const noon = Temporal.Instant.from('2031-03-03T12:00:00Z');

let contexts: TestContexts;
beforeAll(async () => {
  contexts = await openContexts();
});
afterAll(() => contexts.close());
beforeEach(async () => {
  await contexts.cron.delete(leases);
  await contexts.cron.delete(taskRuns);
});

/** A task that keeps what it was run with. */
function recording(name: string, { every = 'minute', run = () => Promise.resolve(1) }: Partial<Task> = {}) {
  const runs: TaskContext[] = [];
  const task: Task = {
    name,
    every,
    run: (context) => {
      runs.push(context);
      return run(context);
    },
  };
  return { task, runs };
}

function failing(name: string): ReturnType<typeof recording> {
  return recording(name, { run: () => Promise.reject(new Error('broken')) });
}

function platform(
  lanes: Task[][],
  { now = noon, limits }: { now?: Temporal.Instant; limits?: Partial<TickLimits> } = {},
) {
  const clock = { now };
  const server = tickingServer({
    db: contexts.cron,
    lanes,
    now: () => clock.now,
    limits: { ...minuteLimits, ...limits },
  });
  return { clock, tick: (time = clock.now) => tick(server, time) };
}

/** Work that goes on until it is let go. */
function gate() {
  const entered = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const pass = async () => {
    entered.resolve();
    await left.promise;
    return 0;
  };
  return { pass, entered: entered.promise, open: () => left.resolve() };
}

describe('a task with a share of a tick', () => {
  it('begins nothing after it, and leaves the rest to what comes after', async () => {
    const endless = recording('endless', { run: (task) => inBatches(task, Infinity, () => delay(5, 1)) });
    const last = recording('last');
    const { tick } = platform([[withShare(50, endless.task), last.task]]);
    expect(await tick()).toBe(204);
    expect(last.runs.map(({ signal }) => signal.aborted)).toEqual([false]);
  });
});

describe('a tick', () => {
  it('runs every task and records until which minute it is done', async () => {
    const [one, other] = [recording('one'), recording('other')];
    const { tick } = platform([[one.task], [other.task]], { now: noon.add({ seconds: 3 }) });
    expect(await tick()).toBe(204);
    expect([one.runs.length, other.runs.length]).toEqual([1, 1]);
    const done = await listTaskRuns(contexts.cron);
    expect(Object.fromEntries([...done].map(([task, until]) => [task, until.toString()]))).toEqual({
      one: '2031-03-03T12:00:00Z',
      other: '2031-03-03T12:00:00Z',
    });
  });

  it('that is delivered twice does its work once', async () => {
    const { task, runs } = recording('once');
    const { tick } = platform([[task]]);
    expect([await tick(noon), await tick(noon)]).toEqual([204, 204]);
    expect(runs).toHaveLength(1);
  });

  it('that overlaps another answers at once and does nothing', async () => {
    const { pass, entered, open } = gate();
    const { task, runs } = recording('slow', { run: pass });
    const { clock, tick } = platform([[task]]);
    const first = tick();
    await entered;
    clock.now = noon.add({ minutes: 1 });
    expect(await tick()).toBe(204);
    expect(runs).toHaveLength(1);
    open();
    expect(await first).toBe(204);
    expect(await tick()).toBe(204);
    expect(runs).toHaveLength(2);
  });

  it('that shares its moment with others runs each task once', async () => {
    const { task, runs } = recording('once');
    const { tick } = platform([[task]]);
    expect(await Promise.all(Array.from({ length: 8 }, () => tick()))).toEqual(Array(8).fill(204));
    expect(runs).toHaveLength(1);
  });

  it('after missed minutes makes them up in one run', async () => {
    const { task, runs } = recording('due');
    const { clock, tick } = platform([[task]]);
    await tick();
    clock.now = noon.add({ minutes: 17 });
    await tick();
    expect(runs.map(({ now }) => now.toString())).toEqual(['2031-03-03T12:00:00Z', '2031-03-03T12:17:00Z']);
  });

  it('that comes late does what is due by now', async () => {
    const { task, runs } = recording('due');
    const { tick } = platform([[task]], { now: noon.add({ minutes: 5 }) });
    expect(await tick(noon)).toBe(204);
    expect(await tick(noon.add({ minutes: 1 }))).toBe(204);
    expect(runs.map(({ now }) => now.toString())).toEqual(['2031-03-03T12:05:00Z']);
  });

  it('of a clock that is a little ahead counts for its own minute', async () => {
    const { task, runs } = recording('due');
    const { clock, tick } = platform([[task]], { now: noon.subtract({ seconds: 62 }) });
    await tick(noon.subtract({ minutes: 1 }));
    clock.now = noon.subtract({ seconds: 2 });
    await tick(noon);
    expect(runs).toHaveLength(2);
  });

  it('of a time to come is refused for good', async () => {
    const { task, runs } = recording('due');
    const { tick } = platform([[task]]);
    expect(await tick(noon.add({ hours: 9 }))).toBe(422);
    expect(runs).toHaveLength(0);
  });

  it('runs a daily task with the first tick of its day that comes, and once', async () => {
    const { task, runs } = recording('daily', { every: 'day' });
    const { clock, tick } = platform([[task]]);
    await tick();
    clock.now = noon.add({ minutes: 1 });
    await tick();
    clock.now = Temporal.Instant.from('2031-03-05T07:43:00Z');
    await tick();
    expect(runs.map(({ now }) => now.toString())).toEqual(['2031-03-03T12:00:00Z', '2031-03-05T07:43:00Z']);
  });
});

describe('a clean-up that a tick has no time for', () => {
  it('is not done for the day: the next tick goes on with it until every step has had its turn', async () => {
    let left = 30;
    const steps: string[] = [];
    const many = async () => {
      await delay(5);
      steps.push('many');
      left -= 1;
      return left > 0 ? 1 : 0;
    };
    const last = async () => {
      steps.push('last');
      return 0;
    };
    const { clock, tick } = platform([[cleanUp('context', [many, last])]], { limits: { stopAfterMs: 50 } });
    expect(await tick()).toBe(503);
    expect([await listTaskRuns(contexts.cron), steps.includes('last')]).toEqual([new Map(), false]);
    let status = 503;
    for (let minutes = 1; status === 503; minutes += 1) {
      clock.now = noon.add({ minutes });
      status = await tick();
    }
    expect([status, left <= 0, steps.includes('last')]).toEqual([204, true, true]);
    const done = steps.length;
    clock.now = clock.now.add({ minutes: 1 });
    expect([await tick(), steps.length]).toEqual([204, done]);
  });
});

describe('a task that fails', () => {
  it('stops neither those after it nor those beside it, and has the tick come again', async () => {
    const [after, beside] = [recording('after'), recording('beside')];
    const { tick } = platform([[failing('broken').task, after.task], [beside.task]]);
    expect(await tick()).toBe(503);
    expect([after.runs.length, beside.runs.length]).toEqual([1, 1]);
  });

  it('is all that runs when the tick comes again', async () => {
    let isBroken = true;
    const mended = recording('mended', {
      run: () => (isBroken ? Promise.reject(new Error('broken')) : Promise.resolve(1)),
    });
    const whole = recording('whole');
    const { tick } = platform([[mended.task, whole.task]]);
    expect(await tick()).toBe(503);
    isBroken = false;
    expect(await tick()).toBe(204);
    expect([mended.runs.length, whole.runs.length]).toEqual([2, 1]);
  });

  it('is not recorded as done', async () => {
    const { tick } = platform([[failing('broken').task]]);
    await tick();
    expect(await listTaskRuns(contexts.cron)).toEqual(new Map());
  });
});

describe('a task that hangs', () => {
  it('does not keep the tick from its answer, nor other lanes from their work', async () => {
    const { pass, open } = gate();
    const beside = recording('beside');
    const { tick } = platform([[recording('hanging', { run: pass }).task], [beside.task]], {
      limits: { answerAfterMs: 300 },
    });
    expect(await tick()).toBe(503);
    expect(beside.runs).toHaveLength(1);
    open();
  });

  it('keeps the lease, so that no other tick runs beside it until that runs out', async () => {
    const { pass, open } = gate();
    const { task, runs } = recording('stuck', { run: pass });
    const { tick } = platform([[task]], { limits: { answerAfterMs: 100 } });
    expect(await tick()).toBe(503);
    expect(await tick()).toBe(204);
    expect(runs).toHaveLength(1);
    open();
  });

  it('leaves no time for those after it, which the next tick does', async () => {
    const untilStopped = ({ signal }: TaskContext) =>
      new Promise<number>((resolve) => signal.addEventListener('abort', () => resolve(0)));
    const after = recording('after');
    const { tick } = platform([[recording('long', { run: untilStopped }).task, after.task]], {
      limits: { stopAfterMs: 100 },
    });
    expect(await tick()).toBe(503);
    expect(after.runs).toHaveLength(0);
    expect(await tick()).toBe(204);
    expect(after.runs).toHaveLength(1);
  });
});

describe('the lease', () => {
  const holder = '00000000-0000-4000-8000-000000000001';

  it('of a holder that died is taken over once it has run out', async () => {
    const { task, runs } = recording('due');
    const { tick } = platform([[task]]);
    const now = Temporal.Now.instant();
    await contexts.cron.insert(leases).values({ name: 'minute', holder, expiresAt: now.add({ seconds: 30 }) });
    expect(await tick()).toBe(204);
    expect(runs).toHaveLength(0);
    await contexts.cron.update(leases).set({ expiresAt: now.subtract({ seconds: 1 }) });
    expect(await tick()).toBe(204);
    expect(runs).toHaveLength(1);
  });

  it('is given back when the tick is done, failed or not', async () => {
    const { tick } = platform([[failing('broken').task]]);
    await tick();
    expect(await contexts.cron.select().from(leases)).toEqual([]);
  });
});

describe('without its own database', () => {
  it('a tick is answered so that it comes again', async () => {
    const { task, runs } = recording('due');
    const db = awayDatabase();
    const server = tickingServer({ db, lanes: [[task]], now: () => noon, limits: minuteLimits });
    expect(await tick(server, noon)).toBe(503);
    expect(runs).toHaveLength(0);
    await db.$client.end();
  });
});
