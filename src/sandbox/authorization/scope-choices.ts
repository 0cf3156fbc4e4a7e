import { html, type Html } from '../pages/html.js';
import type { Persona } from '../personas.js';
import type { ScopeChoice } from './flow.js';

/** A list of scopes; what is optional has a box, ticked unless this persona unticks. */
export const scopeChoices = (choices: readonly ScopeChoice[], persona: Persona): Html =>
  html`<ul class="scopes">
    ${choices.map((choice) => html`<li>${choice.optional === true ? withBox(choice, persona) : words(choice)}</li>`)}
  </ul>`;

/** What the person leaves in: everything that is not optional, and what is ticked. */
export const grantedScopes = (
  choices: readonly ScopeChoice[],
  form: Readonly<Record<string, string>>,
): readonly string[] =>
  choices
    .filter(({ scope, optional }) => optional !== true || form[nameOf(scope)] !== undefined)
    .map(({ scope }) => scope);

const withBox = (choice: ScopeChoice, persona: Persona): Html =>
  html`<label>
    <input
      type="checkbox"
      name="${nameOf(choice.scope)}"
      value="yes"
      ${persona.behaviour !== 'unticks' && html`checked`}
    />
    <span>${words(choice)}</span>
  </label>`;

const words = ({ scope, description, label }: ScopeChoice): Html =>
  html`${description} <code>${label ?? scope}</code>`;

/** One name per box, because a field that comes twice counts once here. */
const nameOf = (scope: string): string => `scope ${scope}`;
