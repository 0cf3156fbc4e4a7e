import { everyone, type Persona } from '../personas.js';
import { html, type Html } from './html.js';

/** One button per persona: `<button name="persona" value="alice">`. */
export const personaButtons = (shown: readonly Persona[] = everyone): Html =>
  html`<ul class="personas">
    ${shown.map((persona) => html`<li>${personaButton(persona)}</li>`)}
  </ul>`;

export const cancelButton = (): Html =>
  html`<p class="actions"><button class="plain" name="cancel" value="yes">Cancel</button></p>`;

const personaButton = (persona: Persona): Html =>
  html`<button class="persona" name="persona" value="${persona.id}">${personaFace(persona)}</button>`;

/** Avatar, name and address of a persona. */
export const personaFace = (persona: Persona): Html =>
  html`<span class="avatar ${persona.id}" aria-hidden="true">${[...persona.name][0]}</span>
    <span class="who"
      ><span class="name">${persona.name}</span> <span class="remark">${describe(persona)}</span></span
    >`;

function describe({ email, emailVerified, behaviour, remark }: Persona): Html {
  if (email === undefined || behaviour !== undefined) return html`${remark}`;
  return html`${email}${!emailVerified && html` <span class="tag">not verified</span>`}`;
}
