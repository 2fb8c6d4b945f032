import { z } from 'zod';

/** Stands in whatever is sent to be refused: to be found neither in the answer nor in the log. */
export const canary = 'canary-7f3a';

/** One member of an object as its JSON Schema describes it. */
export type Member = {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Described;
};

const Described = z.object({
  type: z.string().optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  maxLength: z.number().optional(),
  allOf: z.array(z.unknown()).optional(),
});
type Described = z.infer<typeof Described>;

const ObjectSchema = z.object({
  properties: z.record(z.string(), z.looseObject({ $ref: z.string().default('') })).default({}),
  required: z.array(z.string()).default([]),
});

/** The members of a contract's object, as generated documents show them. */
export function membersOf(schema: z.ZodType | undefined): Member[] {
  if (!schema) return [];
  const described = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' });
  const defs = described.$defs ?? {};
  const { properties, required } = ObjectSchema.parse(described);
  return Object.entries(properties).map(([name, property]) => {
    const reference = property.$ref.replace('#/$defs/', '');
    return { name, required: required.includes(name), schema: Described.parse(defs[reference] ?? property) };
  });
}

const badTimes = [
  '2031-02-30T10:00:00Z',
  '2031-13-01T10:00:00Z',
  '2031-02-03T10:00:00',
  '2031-02-03',
  '2031-02-03 10:00:00Z',
  '2031-02-03T24:00:00Z',
  '2031-02-03T10:00:00+25:00',
  '10000-01-01T00:00:00Z',
  '+010000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
  '0000-01-01T00:00:00Z',
  '-002031-02-03T10:00:00Z',
  '2016-12-31T23:59:60Z',
  '2031-02-03T10:00:00.1234567890Z',
  '1927000000',
  'tomorrow',
];

const badDates = ['2031-02-30', '2031-13-01', '2031-2-3', '10000-01-01', '0000-01-01', '9999-12-31', '20310203'];

const badIds = [
  '0197b3a0-0000-7000-8000-00000000fff',
  '0197b3a0-0000-7000-8000-00000000ffffa',
  '0197b3a0000070008000000000000fff',
  '{0197b3a0-0000-7000-8000-00000000ffff}',
  'urn:uuid:0197b3a0-0000-7000-8000-00000000ffff',
  '0197b3a0-0000-7000-8000-00000000fffg',
  "0197b3a0-0000-7000-8000-00000000ffff' OR 1=1 --",
];

const badNumbers = [
  '1.5',
  '0',
  '-1',
  '1e9',
  '9007199254740993',
  'NaN',
  'Infinity',
  '0x10',
  '0b1',
  '0o7',
  '1e1',
  ' 7 ',
  '7 ',
  '+7',
  '7.0',
  '7n',
  '1_0',
  '٧',
  '７',
];

/** Texts that are none of the member's; `maxLength` alone makes a text wrong where any would do. */
export function badTexts({ format, enum: choices, maxLength, type }: Described): string[] {
  if (format === 'date-time') return [...badTimes, ...anyBadText];
  if (format === 'date') return [...badDates, ...anyBadText];
  if (format === 'uuid') return [...badIds, ...anyBadText];
  if (choices) return [String(choices[0]).toUpperCase(), ` ${String(choices[0])}`, ...anyBadText];
  if (type === 'integer') return [...badNumbers, ...anyBadText];
  return [`${canary} \0`, ...(maxLength === undefined ? [] : [`${canary}${'x'.repeat(maxLength)}`])];
}

const anyBadText = ['', ' ', canary, `${canary}${'x'.repeat(5000)}`, `\0${canary}`, '__proto__', 'constructor', '🦊'];

/** Values that are none of the member's, as JSON has them. */
export function badValues(schema: Described): unknown[] {
  // An object without members may be one.
  const others = [null, true, [], [canary], ...(schema.type === 'object' ? [] : [{}]), { [canary]: canary }];
  if (schema.type === 'integer') {
    const numbers = [0, -1, 1.5, 2 ** 31, 2 ** 53, 1e300];
    return [...others, ...numbers, '1', canary];
  }
  return [...others, 7, -1, 1e300, ...badTexts(schema)];
}

/** Whole bodies that are no object, with the text of each. */
export const notObjects: readonly string[] = [
  'null',
  '[]',
  `["${canary}"]`,
  `"${canary}"`,
  '7',
  'true',
  `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
];

export const notJson: readonly string[] = [
  `{"${canary}`,
  `{"a":"${canary}"`,
  `{'a':'${canary}'}`,
  `{"a":"${canary}"} trailing`,
  `\uFEFF{"a":"${canary}"}`,
  canary,
  '{"a":NaN}',
  'undefined',
];

/** The text of an object with a member more, under a name that objects have of themselves among others. */
export function withExtraMember(object: object, name: string, value: unknown): string {
  const members = JSON.stringify(object).slice(1, -1);
  return `{${members}${members === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}}`;
}

export const extraNames: readonly string[] = [canary, '__proto__', 'constructor', 'prototype', 'toString', ''];
