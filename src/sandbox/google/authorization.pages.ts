import { html, type Html } from '../pages/html.js';
import { page, type Page } from '../pages/page.js';
import { cancelButton, personaButtons, personaFace } from '../pages/persona-buttons.js';
import type { Persona } from '../personas.js';
import type { AuthorizationRequest, RefusedRequest } from './authorization-request.js';
import { describeScope, shortScope } from './scopes.js';

/** A request on its way through the pages, and the query string that it came as. */
export interface PendingRequest {
  readonly request: AuthorizationRequest;
  readonly query: string;
}

export const accountPage = (pending: PendingRequest): Page =>
  page({
    title: 'Choose an account',
    provider: 'google',
    formOrigins: [new URL(pending.request.redirect_uri).origin],
    body: html`
      <p class="lead">to continue to <strong>${pending.request.client_id}</strong></p>
      ${form(pending, html`${personaButtons()} ${cancelButton()}`)}
    `,
  });

export const consentPage = (pending: PendingRequest, persona: Persona): Page =>
  page({
    title: 'Allow access?',
    provider: 'google',
    formOrigins: [new URL(pending.request.redirect_uri).origin],
    body: html`
      <p class="face">${personaFace(persona)}</p>
      <p class="lead"><strong>${pending.request.client_id}</strong> wants to:</p>
      <ul class="scopes">
        ${pending.request.scope.map((scope) => html`<li>${describeScope(scope)} <code>${shortScope(scope)}</code></li>`)}
        ${pending.request.access_type === 'offline' && html`<li>Do so while you are away <code>access_type=offline</code></li>`}
      </ul>
      ${form(
        pending,
        html`<input type="hidden" name="persona" value="${persona.id}" />
          <p class="actions">
            <button class="plain" name="cancel" value="yes">Cancel</button>
            <button class="button main" name="allow" value="yes">Allow</button>
          </p>`,
      )}
    `,
  });

export const refusalPage = ({ error, explanation }: RefusedRequest): Page =>
  page({
    title: 'Access blocked',
    provider: 'google',
    body: html`<p>The application’s request is not valid. ${explanation}</p>
      <p><code>Error 400: ${error}</code></p>`,
  });

const form = ({ query }: PendingRequest, fields: Html): Html =>
  html`<form method="post" action="/google/o/oauth2/v2/auth">
    <input type="hidden" name="request" value="${query}" />
    ${fields}
  </form>`;
