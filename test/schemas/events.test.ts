import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { events } from '../../infra/contracts/contracts.ts';

type Node = Readonly<Record<string, unknown>>;

/** Words of the platform's own: the name of a dependency, of a table. */
const OWN_WORDS = ['careflow.dependency-health.changed.v1 /dependency', 'careflow.partition.missing.v1 /table'];

/** Places where a contract lets through whatever somebody writes. */
function freeText(node: unknown, defs: Node, path = ''): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { $ref, type, properties, items, anyOf, oneOf, additionalProperties, ...bounds }: Node = { ...node };
  if (typeof $ref === 'string') return freeText(defs[$ref.replace('#/$defs/', '')], defs, path);
  const isBound = ['format', 'pattern', 'enum', 'const'].some((bound) => bound in bounds);
  const own = type === 'string' && !isBound ? [path] : [];
  const members = Object.entries(Object(properties)).flatMap(([name, member]) =>
    freeText(member, defs, `${path}/${name}`),
  );
  const others = [items, additionalProperties, ...[anyOf, oneOf].flat()].flatMap((each) =>
    freeText(each, defs, `${path}/*`),
  );
  return [...own, ...members, ...others];
}

describe('events on the log', () => {
  // What laboratories publish themselves is theirs; its topic keeps it for a day.
  const published = events.filter(({ topic }) => topic !== undefined && topic !== 'lis-results');

  it('carry ids, times, words of a list and what is sealed, and never what somebody wrote', () => {
    const found = published.flatMap(({ type, data }) => {
      const schema: Node = { ...z.toJSONSchema(data) };
      return freeText(schema, { ...Object(schema['$defs']) }).map((path) => `${type} ${path}`);
    });
    expect(found.toSorted()).toEqual(OWN_WORDS);
  });

  it('would be told of a member that lets words through', () => {
    const lax = z.toJSONSchema(z.strictObject({ list: z.array(z.strictObject({ note: z.string().max(9) })) }));
    expect(freeText(lax, {})).toEqual(['/list/*/note']);
  });
});
