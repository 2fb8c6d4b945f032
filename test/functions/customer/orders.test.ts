import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { AccountUpdated } from '../../../schemas/events/customer.v1.ts';
import { TestKitRegistered, TestKitRejected } from '../../../schemas/events/homekit.v1.ts';
import { ResultReleased } from '../../../schemas/events/lab-result.v1.ts';
import type { AnyEvent } from '../../../schemas/events/contract.ts';
import { addProxy } from '../../support/practices.ts';
import {
  addCustomer,
  ask,
  asPatient,
  type CustomerWorld,
  deliver,
  eventOf,
  eventsOf,
  OFFICE,
  openCustomerWorld,
  statusesOf,
  taken,
} from './customer-world.ts';

type Order = { readonly id: string; readonly status: string; readonly version: number; readonly patientId: string };
type Page = { readonly items: Order[]; readonly nextCursor: string | null };

let world: CustomerWorld;
beforeAll(async () => {
  world = await openCustomerWorld();
});
afterAll(() => world.close());

const item = 'kit-ferritin';

function place(patientId: string, { as = asPatient(patientId), kind = 'test-kit', headers = {} } = {}) {
  return ask(world, 'POST /fr/orders', { as, body: { patientId, kind, item }, headers });
}

function move(id: string, step: string, body: object = {}, { as = OFFICE, headers = {} } = {}) {
  return ask(world, `POST /fr/orders/${id}/${step}`, { as, body, headers });
}

const known: Readonly<Record<string, object>> = {
  get pay() {
    return { paymentReference: `pay_${randomUUID()}` };
  },
  ship: { shipmentReference: 'parcel_1' },
};

/** An order that was moved along the steps. */
async function ordered(patientId: string, steps: readonly string[] = [], kind = 'test-kit'): Promise<Order> {
  let order = (await place(patientId, { kind })).json<Order>();
  for (const step of steps) {
    const answer = await move(order.id, step, known[step]);
    expect(answer.statusCode).toBe(200);
    order = answer.json<Order>();
  }
  return order;
}

async function read(id: string): Promise<Order> {
  return (await ask(world, `GET /fr/orders/${id}`, { as: OFFICE })).json<Order>();
}

function permutationsOf(items: readonly string[]): string[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) =>
    permutationsOf(items.filter((item) => item !== first)).map((others) => [first, ...others]),
  );
}

/** The types of the events about an order, in their order. */
async function told({ id, patientId }: Order): Promise<string[]> {
  const about = (await eventsOf(world, patientId)).filter(({ subject }) => subject === id);
  return about.map(({ type }) => type.replace(/^careflow\.order\.|\.v1$/g, ''));
}

describe('an order', () => {
  it('of a kit goes from placed to resulted, and each step is told of without what was ordered', async () => {
    const patientId = await addCustomer(world);
    const testKitId = randomUUID();
    const reportId = randomUUID();
    const placed = await place(patientId);
    expect([placed.statusCode, placed.headers.etag]).toEqual([201, '"1"']);
    const { id } = placed.json<Order>();
    expect(placed.headers['location']).toBe(`/fr/orders/${id}`);
    await move(id, 'pay', { paymentReference: 'pay_1' });
    await move(id, 'ship', { ...known['ship'], testKitId });
    await move(id, 'register');
    const answer = await move(id, 'result', { reportId });
    const references = { paymentReference: 'pay_1', shipmentReference: 'parcel_1', testKitId, reportId };
    expect(answer.json()).toMatchObject({ id, patientId, item, status: 'resulted', version: 5, ...references });
    const order = await read(id);
    expect(await told(order)).toEqual(['placed', 'paid', 'shipped', 'registered', 'resulted']);
    const events = await eventsOf(world, patientId);
    expect(JSON.stringify(events)).not.toContain(item);
    expect(events.at(-1)?.data).toMatchObject({ orderId: id, kind: 'test-kit', version: 5, reportId });
  });

  it('of a panel is not sent anywhere', async () => {
    const patientId = await addCustomer(world);
    const { id } = await ordered(patientId, ['pay'], 'laboratory-panel');
    const refused = await move(id, 'ship', known['ship']);
    expect([refused.statusCode, refused.json()]).toEqual([
      409,
      expect.objectContaining({ code: 'conflict', orderStatus: 'paid', possible: ['registered', 'cancelled'] }),
    ]);
    await move(id, 'register');
    expect((await move(id, 'result')).json()).toMatchObject({ status: 'resulted' });
  });

  it.each([
    [[], ['ship', 'register', 'result']],
    [['pay'], ['pay', 'result']],
    [
      ['pay', 'ship'],
      ['pay', 'ship', 'result'],
    ],
    [
      ['pay', 'ship', 'register'],
      ['pay', 'ship', 'register', 'cancel'],
    ],
    [
      ['pay', 'ship', 'register', 'result'],
      ['pay', 'ship', 'register', 'result', 'cancel'],
    ],
    [['cancel'], ['pay', 'ship', 'register', 'result', 'cancel']],
  ])('after %j cannot %j', async (steps, impossible) => {
    const { id, status } = await ordered(await addCustomer(world), steps);
    for (const step of impossible) expect((await move(id, step, known[step])).statusCode).toBe(409);
    expect(await read(id)).toMatchObject({ status });
  });

  it('is the patient’s to cancel until it is shipped, and the office’s until it is registered', async () => {
    const patientId = await addCustomer(world);
    const as = asPatient(patientId);
    const [early, late] = [await ordered(patientId, ['pay']), await ordered(patientId, ['pay', 'ship'])];
    expect((await move(early.id, 'cancel', {}, { as })).json()).toMatchObject({ status: 'cancelled' });
    expect((await move(late.id, 'cancel', {}, { as })).statusCode).toBe(409);
    expect((await move(late.id, 'cancel')).json()).toMatchObject({ status: 'cancelled' });
  });

  it('is moved on by the office only', async () => {
    const patientId = await addCustomer(world);
    const { id } = await ordered(patientId);
    for (const step of ['pay', 'ship', 'register', 'result']) {
      expect((await move(id, step, known[step], { as: asPatient(patientId) })).statusCode).toBe(403);
    }
  });

  it('is moved once by many at once, and by nobody who read an older one', async () => {
    const { id } = await ordered(await addCustomer(world));
    const answers = await Promise.all(Array.from({ length: 6 }, () => move(id, 'pay', known['pay'])));
    expect(statusesOf(answers)).toEqual([200, 409, 409, 409, 409, 409]);
    const stale = await move(id, 'ship', known['ship'], { headers: { 'if-match': '"1"' } });
    expect([stale.statusCode, stale.json()]).toEqual([412, expect.objectContaining({ version: 2 })]);
    expect(await told(await read(id))).toEqual(['placed', 'paid']);
  });

  it('is paid once by one payment, however often and at once that is noted', async () => {
    const { id } = await ordered(await addCustomer(world));
    const payment = { paymentReference: `pay_${randomUUID()}` };
    const pay = () => move(id, 'pay', payment, { headers: { 'if-match': '"1"' } });
    const answers = await Promise.all([pay(), pay(), pay()]);
    expect(statusesOf(answers)).toEqual([200, 200, 200]);
    await move(id, 'ship', known['ship']);
    const late = await move(id, 'pay', payment);
    expect([late.statusCode, late.json()]).toEqual([200, await read(id)]);
    expect(await told(await read(id))).toEqual(['placed', 'paid', 'shipped']);
  });

  it('is not paid with the payment of another', async () => {
    const [one, other] = [await ordered(await addCustomer(world)), await ordered(await addCustomer(world))];
    const payment = { paymentReference: `pay_${randomUUID()}` };
    const answers = await Promise.all([move(one.id, 'pay', payment), move(other.id, 'pay', payment)]);
    expect(statusesOf(answers)).toEqual([200, 409]);
    const statuses = [await read(one.id), await read(other.id)].map(({ status }) => status);
    expect(statuses.toSorted()).toEqual(['paid', 'placed']);
  });

  it('of a panel has no test kit', async () => {
    const { id } = await ordered(await addCustomer(world), ['pay'], 'laboratory-panel');
    const refused = await move(id, 'register', { testKitId: randomUUID() });
    expect([refused.statusCode, refused.json()]).toEqual([
      400,
      expect.objectContaining({ errors: [expect.objectContaining({ path: '/testKitId' })] }),
    ]);
    expect(await read(id)).toMatchObject({ status: 'paid' });
  });

  it('is one order under one key, however many times it is sent, and at once', async () => {
    const patientId = await addCustomer(world);
    const send = () => place(patientId, { headers: { 'idempotency-key': 'order-1' } });
    const [first, ...others] = [await send(), ...(await Promise.all([send(), send(), send()]))];
    for (const other of others) expect(other.json()).toEqual(first.json());
    const racing = () => place(patientId, { headers: { 'idempotency-key': 'order-2' } });
    const answers = await Promise.all([racing(), racing(), racing(), racing()]);
    expect(new Set(answers.map((answer) => answer.json<Order>().id)).size).toBe(1);
    const page = await ask(world, `GET /fr/orders?patientId=${patientId}`, { as: OFFICE });
    expect(page.json<Page>().items).toHaveLength(2);
  });

  it('is of those whom the caller acts for, and of nobody else', async () => {
    const [patientId, guardian, stranger] = [
      await addCustomer(world),
      await addCustomer(world),
      await addCustomer(world),
    ];
    await addProxy(world.admin, patientId, guardian);
    const placed = await place(patientId, { as: asPatient(guardian) });
    expect(placed.statusCode).toBe(201);
    const { id } = placed.json<Order>();
    for (const as of [asPatient(patientId), asPatient(guardian), OFFICE]) {
      expect((await ask(world, `GET /fr/orders/${id}`, { as })).statusCode).toBe(200);
      expect((await ask(world, `GET /fr/orders?patientId=${patientId}`, { as })).statusCode).toBe(200);
    }
    for (const as of [asPatient(stranger), asPatient('nobody')]) {
      expect((await ask(world, `GET /fr/orders/${id}`, { as })).statusCode).toBe(404);
      expect((await move(id, 'cancel', {}, { as })).statusCode).toBe(404);
      expect((await place(patientId, { as })).statusCode).toBe(403);
      expect((await ask(world, `GET /fr/orders?patientId=${patientId}`, { as })).statusCode).toBe(403);
      expect((await ask(world, 'GET /fr/orders', { as })).statusCode).toBe(403);
    }
    expect((await ask(world, `GET /de/orders/${id}`, { as: 'admin root' })).statusCode).toBe(404);
    expect((await ask(world, `GET /de/orders/${id}`, { as: OFFICE })).statusCode).toBe(403);
  });

  it('is not placed for somebody unknown, of another country or suspended', async () => {
    const german = await addCustomer(world, 'de');
    for (const patientId of [randomUUID(), german])
      expect((await place(patientId, { as: OFFICE })).statusCode).toBe(404);
    const patientId = await addCustomer(world);
    const data = { customerId: patientId, country: 'fr', version: 2, occurredAt: '2031-03-03T09:00:00Z' };
    await taken(world, eventOf(AccountUpdated, { ...data, status: 'suspended' }));
    const refused = await place(patientId);
    expect([refused.statusCode, refused.json()]).toEqual([409, expect.objectContaining({ code: 'conflict' })]);
    await taken(world, eventOf(AccountUpdated, { ...data, version: 3, status: 'active' }));
    expect((await place(patientId)).statusCode).toBe(201);
  });

  it.each([
    ['nothing', {}],
    ['another kind', { kind: 'pizza', item }],
    ['no item', { kind: 'test-kit' }],
    ['an item in prose', { kind: 'test-kit', item: 'the red one' }],
  ])('of %s is refused', async (_, body) => {
    const patientId = await addCustomer(world);
    const answer = await ask(world, 'POST /fr/orders', { as: asPatient(patientId), body: { patientId, ...body } });
    expect(answer.statusCode).toBe(400);
  });
});

describe('GET /{country}/orders', () => {
  it('goes through all of a patient’s once each, by page and by status', async () => {
    const patientId = await addCustomer(world);
    const placed = await Promise.all(Array.from({ length: 5 }, () => ordered(patientId)));
    await move(placed[0]?.id ?? '', 'cancel');
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = `patientId=${patientId}&limit=2${cursor && `&cursor=${cursor}`}`;
      const page: Page = (await ask(world, `GET /fr/orders?${query}`, { as: asPatient(patientId) })).json();
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen.toSorted()).toEqual(placed.map(({ id }) => id).toSorted());
    const cancelled = await ask(world, `GET /fr/orders?patientId=${patientId}&status=cancelled`, { as: OFFICE });
    expect(cancelled.json<Page>().items.map(({ id }) => id)).toEqual([placed[0]?.id]);
  });

  it.each(['garbage', Buffer.from('1.x').toString('base64url'), Buffer.from("1';--").toString('base64url')])(
    'refuses the cursor %s',
    async (cursor) => {
      expect((await ask(world, `GET /fr/orders?cursor=${cursor}`, { as: OFFICE })).statusCode).toBe(400);
    },
  );
});

describe('a test kit', () => {
  const kit = (order: Order, testKitId: string) => ({
    testKitId,
    version: 1,
    country: 'fr',
    patientId: order.patientId,
  });

  function registered(order: Order, testKitId: string, orderId: string | undefined = order.id) {
    return eventOf(TestKitRegistered, { ...kit(order, testKitId), ...(orderId && { orderId }) });
  }

  function released(order: Order, testKitId: string) {
    const { testKitId: _, ...report } = kit(order, testKitId);
    const releasedAt = '2031-03-03T09:00:00Z';
    return eventOf(ResultReleased, { ...report, reportId: randomUUID(), releasedAt, testKitId });
  }

  it('that is registered moves its order on, and its result ends it', async () => {
    const order = await ordered(await addCustomer(world), ['pay', 'ship']);
    const testKitId = randomUUID();
    const event = registered(order, testKitId);
    await taken(world, event);
    await taken(world, event);
    expect(await read(order.id)).toMatchObject({ status: 'registered', testKitId, version: 4 });
    const result = released(order, testKitId);
    await Promise.all([taken(world, result), taken(world, result)]);
    expect(await read(order.id)).toMatchObject({ status: 'resulted', version: 5 });
    expect(await told(order)).toEqual(['placed', 'paid', 'shipped', 'registered', 'resulted']);
  });

  it('whose result comes first has its order wait for the registration, then end', async () => {
    const order = await ordered(await addCustomer(world), ['pay', 'ship']);
    const testKitId = randomUUID();
    await taken(world, released(order, testKitId));
    expect(await read(order.id)).toMatchObject({ status: 'shipped' });
    await taken(world, registered(order, testKitId));
    expect(await read(order.id)).toMatchObject({ status: 'resulted', testKitId, version: 5 });
    expect(await told(order)).toEqual(['placed', 'paid', 'shipped', 'registered', 'resulted']);
  });

  it.each(permutationsOf(['pay', 'ship', 'registered', 'resulted']))(
    'ends its order whatever comes first: %s, %s, %s, %s',
    async (...news) => {
      const order = await ordered(await addCustomer(world));
      const testKitId = randomUUID();
      const events: Readonly<Record<string, AnyEvent>> = {
        registered: registered(order, testKitId),
        resulted: released(order, testKitId),
      };
      for (const each of news) {
        const event = events[each];
        if (event) await taken(world, event);
        else await move(order.id, each, known[each]);
      }
      const reportId = events['resulted']?.data;
      expect(await read(order.id)).toMatchObject({
        status: 'resulted',
        testKitId,
        reportId: Object(reportId).reportId,
      });
      expect((await told(order)).filter((type) => type !== 'shipped')).toEqual([
        'placed',
        'paid',
        'registered',
        'resulted',
      ]);
    },
  );

  it('that is registered without its order is known once it is named on shipping', async () => {
    const order = await ordered(await addCustomer(world), ['pay']);
    const testKitId = randomUUID();
    await taken(world, registered(order, testKitId, ''));
    expect((await move(order.id, 'ship', { ...known['ship'], testKitId })).json()).toMatchObject({
      status: 'registered',
      testKitId,
    });
  });

  it('that is another order’s does not keep one from being paid', async () => {
    const patientId = await addCustomer(world);
    const [one, other] = [await ordered(patientId), await ordered(patientId, ['pay'])];
    const testKitId = randomUUID();
    await taken(world, registered(one, testKitId));
    await move(other.id, 'ship', { ...known['ship'], testKitId });
    expect((await move(one.id, 'pay', known['pay'])).json()).toMatchObject({ status: 'paid' });
    expect(await read(other.id)).toMatchObject({ status: 'registered', testKitId });
  });

  it('that was named on shipping is known by itself', async () => {
    const order = await ordered(await addCustomer(world), ['pay']);
    const testKitId = randomUUID();
    await move(order.id, 'ship', { ...known['ship'], testKitId });
    await taken(world, registered(order, testKitId, ''));
    expect(await read(order.id)).toMatchObject({ status: 'registered' });
  });

  it('of no order, of another’s or of one that was not delivered moves nothing', async () => {
    const [order, other] = [await ordered(await addCustomer(world), ['pay']), await ordered(await addCustomer(world))];
    const cancelled = await ordered(order.patientId, ['cancel']);
    await taken(world, registered(order, randomUUID(), randomUUID()));
    await taken(world, registered({ ...other, id: order.id }, randomUUID()));
    await taken(world, registered(other, randomUUID()));
    await taken(world, registered(cancelled, randomUUID()));
    await taken(world, released(order, randomUUID()));
    for (const one of [order, other, cancelled]) expect(await read(one.id)).toEqual(one);
  });

  function rejected(order: Order, testKitId: string) {
    return eventOf(TestKitRejected, { ...kit(order, testKitId), orderId: order.id, reason: 'leaked' });
  }

  it('that is rejected leaves its order to the next one, whose result ends it', async () => {
    const order = await ordered(await addCustomer(world), ['pay', 'ship']);
    const [first, second] = [randomUUID(), randomUUID()];
    await taken(world, registered(order, first));
    const rejection = rejected(order, first);
    await Promise.all([taken(world, rejection), taken(world, rejection)]);
    const reopened = await read(order.id);
    expect(reopened).toMatchObject({ status: 'paid', version: 5 });
    expect([reopened]).not.toMatchObject([{ testKitId: expect.any(String) }]);
    await move(order.id, 'ship', { ...known['ship'], testKitId: second });
    await taken(world, registered(order, second));
    await taken(world, released(order, second));
    expect(await read(order.id)).toMatchObject({ status: 'resulted', testKitId: second });
    const steps = ['placed', 'paid', 'shipped', 'registered', 'reopened', 'shipped', 'registered', 'resulted'];
    expect(await told(order)).toEqual(steps);
  });

  it.each(permutationsOf(['first', 'rejected', 'second', 'resulted']).filter(isPossible))(
    'that takes the place of one that is rejected ends the order whatever comes first: %s, %s, %s, %s',
    async (...news) => {
      const order = await ordered(await addCustomer(world), ['pay', 'ship']);
      const [first, second] = [randomUUID(), randomUUID()];
      const events: Readonly<Record<string, AnyEvent>> = {
        first: registered(order, first),
        rejected: rejected(order, first),
        second: registered(order, second),
        resulted: released(order, second),
      };
      for (const each of news) {
        const event = events[each];
        if (event) await taken(world, event);
      }
      expect(await read(order.id)).toMatchObject({ status: 'resulted', testKitId: second });
    },
  );

  /** What is told of one kit comes in its order. */
  function isPossible(news: readonly string[]): boolean {
    return news.indexOf('first') < news.indexOf('rejected');
  }

  it('that is rejected before its order is paid is not the order’s, told of again or not', async () => {
    const order = await ordered(await addCustomer(world));
    const testKitId = randomUUID();
    await taken(world, registered(order, testKitId));
    await taken(world, rejected(order, testKitId));
    await move(order.id, 'pay', known['pay']);
    await taken(world, registered(order, testKitId));
    expect(await read(order.id)).toMatchObject({ status: 'paid' });
  });

  it('that somebody else could not register leaves its order as it is', async () => {
    const order = await ordered(await addCustomer(world), ['pay', 'ship']);
    const testKitId = randomUUID();
    await taken(world, registered(order, testKitId));
    await taken(world, rejected({ ...order, patientId: await addCustomer(world) }, testKitId));
    expect(await read(order.id)).toMatchObject({ status: 'registered', testKitId });
  });

  it('whose order becomes known later moves it on then', async () => {
    const order = await ordered(await addCustomer(world), ['pay']);
    const testKitId = randomUUID();
    await taken(world, registered(order, testKitId, ''));
    await taken(world, registered(order, testKitId));
    expect(await read(order.id)).toMatchObject({ status: 'registered', testKitId });
    const late = await ordered(order.patientId);
    const another = randomUUID();
    await taken(world, registered(late, another, ''));
    await taken(world, registered(late, another));
    expect((await move(late.id, 'pay', known['pay'])).json()).toMatchObject({
      status: 'registered',
      testKitId: another,
    });
  });

  it('belongs to one order', async () => {
    const patientId = await addCustomer(world);
    const [one, other] = [await ordered(patientId, ['pay']), await ordered(patientId, ['pay'])];
    const testKitId = randomUUID();
    await move(one.id, 'ship', { ...known['ship'], testKitId });
    const refused = await move(other.id, 'ship', { ...known['ship'], testKitId });
    expect([refused.statusCode, refused.json()]).toEqual([409, expect.objectContaining({ code: 'conflict' })]);
    const stranger = await ordered(await addCustomer(world), ['pay']);
    const answer = await deliver(world, registered(stranger, testKitId));
    expect([answer.statusCode, answer.json()]).toEqual([422, expect.objectContaining({ reason: 'conflict' })]);
  });
});
