import { Injectable } from '@nestjs/common';
import { ErrorPage, type Problem } from '../common/error.filter.js';
import { html } from './html.js';
import { page } from './layout.js';

const TITLES: Readonly<Record<number, string>> = {
  400: 'That did not work',
  401: 'Please sign in',
  403: 'Not allowed',
  404: 'Not found',
  409: 'We need you again',
  422: 'Already in use',
  502: 'The provider answered badly',
  503: 'Not available right now',
  504: 'The provider is slow',
};

/** What a person sees of an error: what happened, what to do, and the code to tell a developer. */
@Injectable()
export class HtmlErrorPage extends ErrorPage {
  render({ status, code, message, data }: Problem): string {
    const title = TITLES[status] ?? (status < 500 ? 'That did not work' : 'Something went wrong');
    const requestId = data?.['requestId'];
    return page(
      title,
      html`<section class="card narrow" aria-labelledby="title">
        <p class="eyebrow">${status}</p>
        <h1 id="title">${title}</h1>
        <p class="lead">${message}</p>
        <p class="actions">
          <a class="button" href="/sign-in">${status === 401 ? 'Sign in' : 'Start again'}</a
          ><a class="button quiet" href="/">Home</a>
        </p>
        <p class="fine">
          Code:
          <code>${code}</code
          >${typeof requestId === 'string' && html`<br />Request: <code>${requestId}</code>`}
        </p>
      </section>`,
    );
  }
}
