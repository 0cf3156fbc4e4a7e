import { faultKinds } from '../control/fault-kinds.js';
import type { PendingFault } from '../control/faults.js';
import type { Dialect } from '../dialect.js';
import { html, type Html } from './html.js';
import { page, type Page } from './page.js';
import { type ProviderId, providerNames } from './providers.js';

type Providers = readonly (readonly [ProviderId, Dialect])[];

/** What may go wrong, at which endpoint and how often; and what is about to. */
export const faultsPage = (providers: Providers, pending: readonly PendingFault[]): Page =>
  page({
    title: 'Let something go wrong',
    wide: true,
    body: html`
      <p class="lead">
        Providers are slow, away or wrong at times. Choose where and how, then use the application, and see
        what it makes of it.
      </p>
      <form method="post" action="/faults/choose" class="fields">
        <label
          >Endpoint
          <select name="path">
            ${providers.map(endpointOptions)}
          </select></label
        >
        <label>
          Fault
          <select name="kind">
            <optgroup label="At the chosen endpoint">
              ${faultKinds.map(({ id, label }) => html`<option value="${id}">${label}</option>`)}
            </optgroup>
            ${providers.map(knownFaultOptions)}
          </select>
        </label>
        <label>
          How often <input name="times" type="number" min="1" value="1" />
          <span class="remark">Empty: until cleared.</span>
        </label>
        <p class="actions start"><button class="button main">Cause it</button></p>
      </form>
      <h2>What is pending</h2>
      ${pending.length === 0 ? html`<p>Nothing. Everybody answers as they should.</p>` : pendingList(pending)}
    `,
  });

const endpointOptions = ([id, { endpoints }]: Providers[number]): Html =>
  html`<optgroup label="${providerNames[id]}">
    ${endpoints.map((path) => html`<option>${path}</option>`)}
  </optgroup>`;

const knownFaultOptions = ([id, { faults = [] }]: Providers[number]): Html =>
  faults.length === 0
    ? html``
    : html`<optgroup label="${providerNames[id]}, at the endpoint that it belongs to">
        ${faults.map(({ label }) => html`<option>${label}</option>`)}
      </optgroup>`;

const pendingList = (pending: readonly PendingFault[]): Html =>
  html`<ul class="scopes">
      ${pending.map(
        ({ fault, remaining }) =>
          html`<li>
            ${summary(fault)}, ${remaining === Infinity ? 'until cleared' : times(remaining)}
            <code>${fault.path}</code>
          </li>`,
      )}
    </ul>
    <form method="post" action="/faults/clear" class="actions start">
      <button class="button" name="clear" value="yes">Clear all</button>
    </form>`;

const times = (remaining: number): string => (remaining === 1 ? 'once' : `${remaining} times`);

function summary({
  delayMilliseconds,
  hang,
  dropConnection,
  status,
  body,
  headers,
}: PendingFault['fault']): string {
  const parts = [
    delayMilliseconds !== undefined && `${delayMilliseconds} ms late`,
    hang === true && 'no answer',
    dropConnection === true && 'dropped connection',
    (status !== undefined || body !== undefined) && `status ${status ?? 200}`,
    ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  return parts.filter(Boolean).join(', ');
}
