import type { FastifyReply } from 'fastify';
import { html, type Html } from './html.js';
import { type ProviderId, providerNames } from './providers.js';

interface PageOptions {
  readonly title: string;
  readonly body: Html;
  /** Whose page this is; absent, it is the sandbox's own. */
  readonly provider?: ProviderId;
  /** Where a form may end after its redirects: Chromium holds the whole chain against `form-action`. */
  readonly formOrigins?: readonly string[];
  readonly wide?: boolean;
}

export interface Page {
  readonly document: Html;
  readonly formOrigins: readonly string[];
}

export const page = (options: PageOptions): Page => ({
  document: documentOf(options),
  formOrigins: options.formOrigins ?? [],
});

export function sendPage(reply: FastifyReply, content: Page): FastifyReply {
  const { headers, body } = renderPage(content);
  return reply.headers(headers).send(body);
}

export function renderPage({ document, formOrigins }: Page): {
  headers: Record<string, string>;
  body: string;
} {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    `form-action ${["'self'", ...formOrigins].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  return { headers, body: `<!doctype html>\n${document.markup}` };
}

function documentOf({ title, body, provider, wide }: PageOptions): Html {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>${title} · Sandbox</title>
      <link rel="icon" href="/sandbox.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/sandbox.css" />
    </head>
    <body>
      <p class="banner"><strong>Sandbox</strong> Nobody here is real, and no password is needed.</p>
      <main class="${wide ? 'card wide' : 'card'}">
        ${provider && providerMark(provider)}
        <h1>${title}</h1>
        ${body}
      </main>
      <footer><a href="/">About this sandbox</a></footer>
    </body>
  </html>`;
}

function providerMark(provider: ProviderId): Html {
  const name = providerNames[provider];
  return html`<p class="provider">
    <span class="mark ${provider}" aria-hidden="true">${name[0]}</span> The sandbox’s ${name}
  </p>`;
}
