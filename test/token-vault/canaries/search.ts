/** A place where no token belongs, and all that is found there. */
export interface Sink {
  readonly name: string;
  readonly content: Buffer;
}

/** Where what stands in which form. */
export interface Find {
  readonly sink: string;
  readonly form: string;
  readonly canary: string;
}

/** A token is known by its last characters too: whoever has these in a log has it cut in half, and no less. */
const TAIL_LENGTH = 24;

/** Every place where a canary can be read, in any of the forms in which text is usually written. */
export function findCanaries(sinks: readonly Sink[], canaries: Iterable<string>): Find[] {
  const contents = sinks.map(({ name, content }) => ({ name, text: content.toString('latin1') }));
  const folded = contents.map(({ name, text }) => ({ name, text: text.toLowerCase() }));
  return [...canaries].flatMap((canary) =>
    [canary, canary.slice(-TAIL_LENGTH)].flatMap((text) =>
      Object.entries(formsOf(text)).flatMap(([form, needles]) =>
        (form === 'hex' ? folded : contents)
          .filter((sink) => needles.some((needle) => sink.text.includes(needle)))
          .map(({ name: sink }) => ({ sink, form, canary })),
      ),
    ),
  );
}

export const formsOf = (text: string): Readonly<Record<string, readonly string[]>> => ({
  plain: [text],
  'url-encoded': [encodeURIComponent(text), encodeURIComponent(encodeURIComponent(text))],
  base64: OFFSETS.map((offset) => inBase64(text, offset, 'base64')),
  base64url: OFFSETS.map((offset) => inBase64(text, offset, 'base64url')),
  hex: [Buffer.from(text).toString('hex')],
});

const OFFSETS = [0, 1, 2] as const;

/** Within something longer that was encoded, the text looks in one of three ways; its edges depend on its neighbours. */
function inBase64(text: string, offset: number, encoding: 'base64' | 'base64url'): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString(encoding);
  return encoded.replace(/=+$/, '').slice(offset === 0 ? 0 : offset + 1, -1);
}
