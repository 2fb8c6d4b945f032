import { describe, expect, it } from 'vitest';

import { moveOrder, reopenOrder, type Order, type OrderKind, type OrderStatus } from '../../../shared/domain/order.ts';

const statuses: readonly OrderStatus[] = ['placed', 'paid', 'shipped', 'registered', 'resulted', 'cancelled'];

function after(kind: OrderKind, status: OrderStatus, role: 'patient' | 'staff'): OrderStatus[] {
  return statuses.filter((to) => {
    try {
      return moveOrder({ kind, status, version: 1 }, to, role).status === to;
    } catch {
      return false;
    }
  });
}

describe('an order', () => {
  it.each<[OrderKind, OrderStatus, readonly OrderStatus[]]>([
    ['test-kit', 'placed', ['paid', 'cancelled']],
    ['test-kit', 'paid', ['shipped', 'registered', 'cancelled']],
    ['test-kit', 'shipped', ['registered', 'cancelled']],
    ['test-kit', 'registered', ['resulted']],
    ['test-kit', 'resulted', []],
    ['test-kit', 'cancelled', []],
    ['laboratory-panel', 'placed', ['paid', 'cancelled']],
    ['laboratory-panel', 'paid', ['registered', 'cancelled']],
    ['laboratory-panel', 'shipped', []],
    ['laboratory-panel', 'registered', ['resulted']],
  ])('of a %s that is %s goes to %j only', (kind, status, next) => {
    expect(after(kind, status, 'staff')).toEqual(next);
  });

  it('that was shipped is not its customer’s to cancel', () => {
    expect(after('test-kit', 'paid', 'patient')).toContain('cancelled');
    expect(after('test-kit', 'shipped', 'patient')).toEqual(['registered']);
  });

  it('of a kit that is of no use is paid again as long as it waits for the result, and no other', () => {
    const orders = statuses.flatMap((status) => [
      { kind: 'test-kit', status, version: 1 } as const,
      { kind: 'laboratory-panel', status, version: 1 } as const,
    ]);
    expect(orders.filter((order) => reopenOrder(order))).toEqual([
      { kind: 'test-kit', status: 'registered', version: 1 },
    ]);
    expect(reopenOrder({ kind: 'test-kit', status: 'registered', version: 4 })).toMatchObject({
      status: 'paid',
      version: 5,
    });
  });

  it('has its version raised with each step, and tells what would be possible where one is not', () => {
    const order: Order & { id: string } = { id: 'o', kind: 'test-kit', status: 'placed', version: 3 };
    expect(moveOrder(order, 'paid', 'staff')).toEqual({ ...order, status: 'paid', version: 4 });
    const details = { orderStatus: 'placed', possible: ['paid', 'cancelled'] };
    expect(() => moveOrder(order, 'resulted', 'staff')).toThrow(expect.objectContaining({ code: 'conflict', details }));
  });
});
