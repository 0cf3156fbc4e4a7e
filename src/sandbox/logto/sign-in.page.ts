import { html } from '../pages/html.js';
import { page, type Page } from '../pages/page.js';
import { cancelButton, personaButtons } from '../pages/persona-buttons.js';
import type { Interaction } from './interaction.js';

/** Sign-in, registration and direct sign-in differ in their words only: the personas exist already. */
export function signInPage({ params }: Interaction, url: string): Page {
  const { title, invitation } = wordsFor(new URL(url, 'http://localhost').pathname);
  return page({
    title,
    provider: 'logto',
    formOrigins: [new URL(params.redirect_uri).origin],
    body: html`
      <p class="lead">${invitation} to continue to the application <code>${params.client_id}</code>.</p>
      <form method="post" action="/sign-in">${personaButtons()} ${cancelButton()}</form>
    `,
  });
}

function wordsFor(path: string): { title: string; invitation: string } {
  if (path === '/register') return { title: 'Create your account', invitation: 'Choose who you want to be' };
  const target = /^\/direct\/social\/([^/]+)$/.exec(path)?.[1];
  if (target === undefined) return { title: 'Sign in', invitation: 'Choose who you are' };
  return { title: `Sign in with ${decodeURIComponent(target)}`, invitation: 'Choose who you are there' };
}
