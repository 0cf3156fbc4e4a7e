import { personas } from '../personas.js';
import { html, type Html } from './html.js';
import { page, type Page } from './page.js';
import { personaFace } from './persona-buttons.js';

interface HomeOptions {
  readonly url: string;
  readonly applicationUrl: string;
  readonly time: { readonly now: number; readonly advancedSeconds: number };
}

/** What this is, who lives here, and what can be done to them. */
export const homePage = (options: HomeOptions): Page =>
  page({
    title: 'The sandbox is running',
    wide: true,
    body: html`
      <p class="lead">
        Latchkey needs people who sign in and providers who vouch for them. Here are both in miniature: they
        speak the same protocols as the real ones, run on this machine alone, and know only the four people
        below.
      </p>
      <p class="actions start">
        <a class="button main" href="${options.applicationUrl}">Open the application</a>
      </p>
      <h2>Who lives here</h2>
      <ul class="personas">
        ${personas.map((persona) => html`<li class="face">${personaFace(persona)}</li>`)}
      </ul>
      <h2>The providers</h2>
      <div class="facts">
        ${providerFacts('logto', 'Logto', options.url, 'oidc')}
        ${providerFacts('google', 'Google', options.url, 'google')}
      </div>
      ${clockSection(options.time)} ${revocationSection()}
    `,
  });

const providerFacts = (id: string, name: string, url: string, path: string): Html => html`
  <section aria-label="${name}">
    <h3 class="provider"><span class="mark ${id}" aria-hidden="true">${name[0]}</span> ${name}</h3>
    <dl>
      <dt>Issuer</dt>
      <dd><code>${url}/${path}</code></dd>
      <dt>Discovery</dt>
      <dd>
        <a href="/${path}/.well-known/openid-configuration"
          ><code>/${path}/.well-known/openid-configuration</code></a
        >
      </dd>
    </dl>
  </section>
`;

const clockSection = ({ now, advancedSeconds }: HomeOptions['time']): Html => html`
  <h2>The clock</h2>
  <p>
    It is <strong>${new Date(now * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC</strong> here,
    ${advancedSeconds === 0 ? 'as everywhere else' : `${inHours(advancedSeconds)} ahead of everywhere else`}.
    When an hour passes, Google’s access tokens expire, and the application’s clock moves along.
  </p>
  <form method="post" action="/clock/advance" class="actions start">
    <button class="button" name="seconds" value="3600">Let an hour pass</button>
  </form>
`;

const revocationSection = (): Html => html`
  <h2>A change of mind</h2>
  <p>
    Whoever withdraws access in the settings of their Google account ends every token that the application
    holds for them.
  </p>
  <form method="post" action="/google/control/revoke" class="actions start">
    ${personas.map(
      ({ id, givenName }) =>
        html`<button class="button" name="persona" value="${id}">
          Revoke Google’s grants of ${givenName}
        </button>`,
    )}
  </form>
`;

function inHours(seconds: number): string {
  const hours = Math.round(seconds / 360) / 10;
  return hours === 1 ? '1 hour' : `${hours} hours`;
}
