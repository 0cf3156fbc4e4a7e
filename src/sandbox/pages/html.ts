/** Markup that is safe to send. Only {@link html} makes it. */
export class Html {
  constructor(readonly markup: string) {}
}

type Insertable = string | number | undefined | false | Html | readonly Html[];

/** A template whose insertions are escaped, unless they are markup of this tag themselves. */
export function html(strings: TemplateStringsArray, ...insertions: Insertable[]): Html {
  return new Html(strings.reduce((text, part, index) => text + asMarkup(insertions[index - 1]) + part));
}

function asMarkup(value: Insertable): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'object') return value.map(({ markup }) => markup).join('');
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
