import { describe, expect, it } from '@jest/globals';
import { Html, html } from '../../src/pages/html.js';

const HOSTILE = `<img src=x onerror="alert('1')">&amp;`;
const HARMLESS = '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;';

/** What the tag makes, under a name whose templates no formatter touches. */
const markup = (...template: Parameters<typeof html>): string => html(...template).markup;

describe('html', () => {
  it.each([
    ['markup between tags', markup`<p>${HOSTILE}</p>`, `<p>${HARMLESS}</p>`],
    ['both kinds of quote in an attribute', markup`<a title="${HOSTILE}">`, `<a title="${HARMLESS}">`],
    ['every item of a list', markup`${[HOSTILE, 'b']}`, `${HARMLESS}b`],
    ['items of lists in lists', markup`${[['a', [HOSTILE]], 'b']}`, `a${HARMLESS}b`],
    ['text in markup in markup once', markup`<p>${html`<b>${HOSTILE}</b>`}</p>`, `<p><b>${HARMLESS}</b></p>`],
    ['an entity that was text', markup`${'&lt;'}`, '&amp;lt;'],
  ])('escapes %s (XS-01)', (_, actual, expected) => expect(actual).toBe(expected));

  it.each([
    ['numbers, zero among them, as they are', markup`${0}${-1.5}`, '0-1.5'],
    [
      'its own markup as it is',
      markup`<ul>${[html`<li>a</li>`, html`<li>b</li>`]}</ul>`,
      '<ul><li>a</li><li>b</li></ul>',
    ],
    ['nothing for undefined and false', markup`a${undefined}${false}${[undefined, 'b', false]}`, 'ab'],
    ['an empty text and an empty list as nothing', markup`[${''}${[]}]`, '[]'],
    ['other scripts and emoji unchanged', markup`${'李 👩‍🚀 é \u202e'}`, '李 👩‍🚀 é \u202e'],
    ['backslashes and dollar signs of a text unchanged', markup`${'\\n $& $1 ${x}'}`, '\\n $&amp; $1 ${x}'],
  ])('renders %s', (_, actual, expected) => expect(actual).toBe(expected));

  it.each([
    ['has the shape of markup', { markup: HOSTILE, toString: (): string => HOSTILE }],
    ['behaves like a list', { map: () => [HOSTILE], toString: (): string => HOSTILE }],
  ])('takes nothing for markup that only %s (XS-01)', (_, disguised) =>
    expect(markup`${disguised as unknown as string}`).toBe(HARMLESS),
  );

  it('reads as its markup where a text is wanted', () => expect(String(new Html('<p>'))).toBe('<p>'));
});
