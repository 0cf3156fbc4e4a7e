/** Markup that is safe to send: what was interpolated into it has been escaped. */
export class Html {
  constructor(readonly markup: string) {}

  toString(): string {
    return this.markup;
  }
}

type Interpolation = Html | string | number | undefined | false | readonly Interpolation[];

/** A template whose interpolated values are text unless they are {@link Html}; lists are joined, `undefined` and `false` vanish. */
export function html(strings: TemplateStringsArray, ...values: Interpolation[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map(render)));
}

function render(value: Interpolation): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  return isList(value) ? value.map(render).join('') : escape(String(value));
}

const isList = (value: Interpolation): value is readonly Interpolation[] => Array.isArray(value);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
