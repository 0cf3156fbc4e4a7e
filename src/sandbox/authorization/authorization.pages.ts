import { html, type Html } from '../pages/html.js';
import { page, type Page } from '../pages/page.js';
import { cancelButton, personaButtons, personaFace } from '../pages/persona-buttons.js';
import type { ProviderId } from '../pages/providers.js';
import { everyone, type Persona } from '../personas.js';
import type { Question, Refusal } from './flow.js';
import { scopeChoices } from './scope-choices.js';

/** A request on its way through the pages: whose, what it asks, and the path and query string that it came as. */
export interface Pending {
  readonly provider: ProviderId;
  readonly question: Question;
  readonly path: string;
  readonly query: string;
}

export const accountPage = (pending: Pending): Page =>
  page({
    ...framed(pending),
    title: pending.question.title ?? 'Choose an account',
    body: html`
      <p class="lead">to continue to the application <code>${pending.question.clientId}</code></p>
      ${pending.question.picture && html`<p class="picture">${pending.question.picture}</p>`}
      ${form(pending, html`${accounts(pending.question)} ${cancelButton()}`)}
    `,
  });

export const consentPage = (pending: Pending, persona: Persona): Page =>
  page({
    ...framed(pending),
    title: 'Allow access?',
    body: html`
      <p class="face">${personaFace(persona)}</p>
      <p class="lead">The application <code>${pending.question.clientId}</code> wants to:</p>
      ${form(
        pending,
        html`${scopeChoices([...pending.question.scopes, ...(pending.question.remarks ?? [])], persona)}
          <input type="hidden" name="persona" value="${persona.id}" />
          <p class="actions">
            <button class="plain" name="cancel" value="yes">Cancel</button>
            <button class="button main" name="allow" value="yes">Allow</button>
          </p>`,
      )}
    `,
  });

export const refusalPage = (provider: ProviderId, { error, explanation }: Refusal): Page =>
  page({
    title: 'Access blocked',
    provider,
    body: html`<p>The application’s request is not valid. ${explanation}</p>
      <p><code>Error 400: ${error}</code></p>`,
  });

const framed = ({ provider, question }: Pending) => ({
  provider,
  formOrigins: [new URL(question.redirectUri).origin],
});

function accounts({ isSuggested = () => true }: Question): Html {
  const others = everyone.filter((persona) => !isSuggested(persona));
  if (others.length === 0) return personaButtons();
  return html`${personaButtons(everyone.filter(isSuggested))}
    <details>
      <summary>Use another account</summary>
      ${personaButtons(others)}
    </details>`;
}

const form = ({ path, query }: Pending, fields: Html): Html =>
  html`<form method="post" action="${path}">
    <input type="hidden" name="request" value="${query}" />
    ${fields}
  </form>`;
