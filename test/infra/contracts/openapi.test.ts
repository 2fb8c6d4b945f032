import { expect, it } from 'vitest';

import { operations } from '../../../infra/contracts/contracts.ts';
import { openApi } from '../../../infra/contracts/openapi.ts';

it('promises to replay the answers that are saved, which those to a body taken as it comes are not', () => {
  const posts = Object.values(openApi(operations).paths ?? {}).flatMap(({ post }) => post ?? []);
  const without = posts.filter(({ parameters = [] }) => !JSON.stringify(parameters).includes('"Idempotency-Key"'));
  expect(without.map(({ operationId }) => operationId)).toEqual(['submitLabResults', 'takeFeedback']);
  expect(posts.length).toBeGreaterThan(20);
});
