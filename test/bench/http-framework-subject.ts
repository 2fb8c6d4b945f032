/** What `http.bench.ts` measures against: the same answers from functions-framework's `http()`, under its own CLI. */
import { http } from '@google-cloud/functions-framework';

import { answerTo, tellUsage } from './http-answer.ts';

http('bench', (request, response) => {
  const answer = answerTo(request.url, request.body);
  if (answer === undefined) response.status(204).end();
  else response.status(201).type('application/json').send(answer);
});
tellUsage();
