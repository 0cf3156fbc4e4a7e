import { Injectable } from '@nestjs/common';
import { DataDeletionPage, type DataDeletionStatus } from '../connectors/notifications/data-deletion.page.js';
import { html } from './html.js';
import { page } from './layout.js';

/** What a person sees who asked a provider to have their data deleted here. */
@Injectable()
export class HtmlDataDeletionPage extends DataDeletionPage {
  render({ confirmationCode, connectorName, completedAt }: DataDeletionStatus): string {
    const day = new Date(completedAt * 1000).toISOString().slice(0, 10);
    return page(
      'Your data is deleted',
      html`<section class="card narrow" aria-labelledby="title">
        <h1 id="title">Your data is deleted</h1>
        <p class="lead">
          You asked ${connectorName} to have what we keep of your account there deleted. That was done on
          <time datetime="${day}">${day}</time>: the link to the account, what it told us of you, and our
          access to it are gone.
        </p>
        <p class="actions"><a class="button" href="/">Home</a></p>
        <p class="fine aside">Confirmation code <code>${confirmationCode}</code></p>
      </section>`,
    );
  }
}
