import { html, type Html } from './html.js';
import { STYLESHEET_PATH } from './stylesheet.js';

const KEY = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
  <circle cx="11" cy="16" r="7" />
  <path d="M18 16h11m-4 0v5m-5-5v3" />
</svg>`;

/** The frame of every page. No script runs on any of them. */
export const page = (title: string, main: Html, aside?: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title} · Latchkey</title>
        <link rel="stylesheet" href="${STYLESHEET_PATH}" />
        <link rel="icon" href="/assets/latchkey.svg" type="image/svg+xml" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="/">${KEY}<span>Latchkey</span></a
          >${aside}
        </header>
        <main id="main" tabindex="-1">${main}</main>
      </body>
    </html>`.markup;

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f5f4a"/><g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"><circle cx="11" cy="16" r="5.4"/><path d="M16.4 16H27m-3.4 0v4.4m-4.6-4.4v2.8"/></g></svg>`;
