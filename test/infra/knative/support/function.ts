/**
 * A function for tests, run as a process: what it does is told by the path, and at a gate it asks the test (CONTROL_URL), which
 * answers when it wants it to go on.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const control = process.env.CONTROL_URL ?? '';

async function ask(path: string): Promise<void> {
  await fetch(`${control}${path}`, { method: 'POST', body: String(process.pid) });
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function act(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/';
  if (path === '/crash') process.exit(3);
  if (path.startsWith('/gate/')) {
    await ask(path);
    response.end('passed');
    await ask(path.replace('/gate/', '/done/'));
  } else if (path === '/stream') {
    response.write('first');
    await ask('/gate/stream');
    response.end('second');
  } else if (path === '/cut') {
    response.write('first');
    await ask('/gate/cut');
    response.destroy();
  } else if (path === '/events') {
    // The control server answers as the test says to an event of this id.
    const id = String(request.headers['ce-id']);
    const kind = request.headers['ce-type'] === 'dev.knative.sources.ping' ? 'tick' : id;
    const { status } = await fetch(`${control}/event/${kind}`, { method: 'POST', body: String(process.pid) });
    response.writeHead(status).end(status < 300 ? undefined : `no ${id}`);
  } else {
    const body = await read(request);
    const { method, headers } = request;
    const { K_SERVICE, GREETING, TOKEN } = process.env;
    const seen = { pid: process.pid, method, path, headers, length: body.length, body: body.toString('utf8', 0, 1000) };
    response.writeHead(200, { 'content-type': 'application/json', 'x-seen': 'yes', 'keep-alive': 'timeout=1' });
    response.end(JSON.stringify({ ...seen, env: { K_SERVICE, GREETING, TOKEN } }));
  }
}

let isReady = process.env.GATED_READINESS !== 'yes';

const server = createServer({ keepAliveTimeout: 95_000, maxHeaderSize: 1024 * 1024 }, (request, response) => {
  if (request.url === '/health/startup') response.end();
  else if (request.url === '/health/ready') response.writeHead(isReady ? 200 : 503).end();
  else void act(request, response);
});

process.on('SIGTERM', () => {
  if (process.env.DEAF === 'yes') return;
  console.log('draining');
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

if (process.env.STILLBORN === 'yes') process.exit(4);
if (process.env.GATED_START === 'yes') await ask('/gate/start');
server.listen(Number(process.env.PORT), '127.0.0.1');
if (!isReady) {
  await ask('/gate/ready');
  isReady = true;
}
