import type { Control } from '../control/control.js';
import { noticeNames } from '../notices.js';
import { everyone } from '../personas.js';
import { html, type Html } from './html.js';
import { page, type Page } from './page.js';
import { personaFace } from './persona-buttons.js';
import { providerNames } from './providers.js';

/** What this is, who lives here, and what can be done to them. */
export const homePage = (applicationUrl: string, control: Control): Page =>
  page({
    title: 'The sandbox is running',
    wide: true,
    body: html`
      <p class="lead">
        Latchkey needs people who sign in and providers who vouch for them. Here are both in miniature: they
        speak the same protocols as the real ones, run on this machine alone, and know only the people below.
      </p>
      <p class="actions start">
        <a class="button main" href="${applicationUrl}">Open the application</a>
      </p>
      <h2>Who lives here</h2>
      <ul class="personas">
        ${everyone.map((persona) => html`<li class="face">${personaFace(persona)}</li>`)}
      </ul>
      <h2>The providers</h2>
      <div class="facts">${control.providers.map(providerFacts)}</div>
      ${clockSection(control.time())} ${revocationSection(control)} ${noticeSection()}
      ${faultSection(control)}
    `,
  });

const providerFacts = ([id, { facts }]: Control['providers'][number]): Html => {
  const name = providerNames[id];
  return html`
    <section aria-label="${name}">
      <h3 class="provider"><span class="mark ${id}" aria-hidden="true">${name[0]}</span> ${name}</h3>
      <dl>
        ${facts.map(
          ([label, value]) => html`
            <dt>${label}</dt>
            <dd>
              ${value.startsWith('/') ? html`<a href="${value}"><code>${value}</code></a>` : html`<code>${value}</code>`}
            </dd>
          `,
        )}
      </dl>
    </section>
  `;
};

const clockSection = ({ now, advancedSeconds }: ReturnType<Control['time']>): Html => html`
  <h2>The clock</h2>
  <p>
    It is <strong>${new Date(now * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC</strong> here,
    ${advancedSeconds === 0 ? 'as everywhere else' : `${inHours(advancedSeconds)} ahead of everywhere else`}.
    When hours pass, access tokens of the providers expire, and the application’s clock moves along.
  </p>
  <form method="post" action="/clock/advance" class="actions start">
    <button class="button" name="seconds" value="3600">Let an hour pass</button>
    <button class="button" name="seconds" value="86400">Let a day pass</button>
  </form>
`;

const revocationSection = ({ revocable }: Control): Html => html`
  <h2>A change of mind</h2>
  <p>
    Whoever withdraws access in the settings of their account ends every token that the application holds for
    them.
  </p>
  <form method="post" action="/revoke" class="fields inline">
    <label>
      Provider
      <select name="provider">
        ${revocable.map((id) => html`<option value="${id}">${providerNames[id]}</option>`)}
      </select>
    </label>
    <label>
      Person
      <select name="persona">
        ${everyone.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}
      </select>
    </label>
    <button class="button">Revoke all grants</button>
  </form>
`;

const noticeSection = (): Html => html`
  <h2>Word from a provider</h2>
  <p>Some providers tell applications by themselves what has become of an account or a grant.</p>
  <form method="post" action="/notices" class="fields inline">
    <label>
      What
      <select name="notice">
        ${noticeNames.map((name) => html`<option>${name}</option>`)}
      </select>
    </label>
    <label>
      Person
      <select name="persona">
        ${everyone.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}
      </select>
    </label>
    <button class="button">Tell the application</button>
  </form>
`;

const faultSection = ({ faults }: Control): Html => html`
  <h2>Bad days</h2>
  <p>
    ${faults.pending.length === 0 ? 'Everybody answers as they should.' : 'Something is about to go wrong.'}
    <a href="/faults">Let something go wrong</a>
  </p>
`;

function inHours(seconds: number): string {
  const hours = Math.round(seconds / 360) / 10;
  return hours === 1 ? '1 hour' : `${hours} hours`;
}
