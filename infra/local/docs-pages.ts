import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import absolutePath from 'swagger-ui-dist/absolute-path.js';

import { events } from '../contracts/contracts.ts';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const GENERATED = fileURLToPath(new URL('../../schemas/generated', import.meta.url));

const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
};

/** `/docs`, and the documents it shows: finds the handler of a path. */
export function createDocsPages(): (path: string) => Handle | undefined {
  const pages: Readonly<Record<string, Handle>> = {
    '/': send('text/html; charset=utf-8', startPage()),
    '/docs': send('text/html; charset=utf-8', operationsPage()),
    '/docs/events': send('text/html; charset=utf-8', eventsPage()),
    '/openapi.json': send('application/json', readFileSync(join(GENERATED, 'openapi.json'))),
    '/asyncapi.json': send('application/json', readFileSync(join(GENERATED, 'asyncapi.json'))),
    '/favicon.ico': (_, response) => void response.writeHead(204).end(),
  };
  return (path) => pages[path] ?? asset(path);
}

function asset(path: string): Handle | undefined {
  const name = path.startsWith('/docs/') ? path.slice('/docs/'.length) : '';
  const type = ASSETS[name];
  return type === undefined ? undefined : (_, response) => void sendFile(response, type, join(absolutePath(), name));
}

function send(type: string, body: string | Buffer): Handle {
  return (_, response) => void response.writeHead(200, { 'content-type': type }).end(body);
}

async function sendFile(response: ServerResponse, type: string, file: string): Promise<void> {
  const body = await readFile(file).catch(() => undefined);
  if (body === undefined) response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=86400' }).end(body);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>body{font:16px/1.5 system-ui;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{text-align:left;padding:.3rem .8rem;border-bottom:1px solid #ddd}</style>${body}</html>`;
}

function startPage(): string {
  return page(
    'Careflow',
    `<h1>Careflow</h1><ul><li><a href="/docs">HTTP operations</a></li><li><a href="/docs/events">Events</a></li>
<li><a href="/mailbox">What was sent</a></li><li><a href="/samples">Sample data</a></li></ul>`,
  );
}

function operationsPage(): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Careflow: operations</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', persistAuthorization: true });</script></html>`;
}

function eventsPage(): string {
  const rows = events
    .filter(({ topic }) => topic !== undefined)
    .map(
      ({ type, topic, summary }) =>
        `<tr><td><code>${type}</code></td><td><code>${topic}</code></td><td>${summary}</td></tr>`,
    );
  return page(
    'Careflow: events',
    `<h1>Events</h1><p>CloudEvents 1.0; the schemas are in <a href="/asyncapi.json">asyncapi.json</a>.</p>
<table><tr><th>Type</th><th>Topic</th><th>Meaning</th></tr>${rows.join('')}</table>`,
  );
}
