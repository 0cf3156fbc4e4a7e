import type { Random } from './random.js';
import { mutateValue, textOf } from './values.js';

/** An answer as bytes. */
export interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** One to three things are wrong with the answer. */
export function mutateAnswer(text: string, random: Random): Answer {
  const answer: Answer = { status: 200, contentType: 'application/json', body: mutateText(text, random) };
  return random.chance(12) ? mutateEnvelope(answer, random) : answer;
}

/** The bytes of a JSON text of which up to three members, and perhaps the text itself, are not as they were. */
export function mutateText(text: string, random: Random): Buffer {
  let value = parsed(text);
  if (value !== undefined)
    for (let left = 1 + random.below(3); left > 0; left -= 1) value = mutateValue(value, random);
  const changed = value === undefined ? text : textOf(value);
  return random.chance(25) ? random.pick(TEXT_FAULTS)(changed, random) : Buffer.from(changed);
}

type TextFault = (text: string, random: Random) => Buffer;

/** A sequence that ends too early, one that is too long, a lone continuation, a surrogate, and no UTF-8 at all. */
const BAD_UTF8 = ['c3', 'c0af', '80', 'eda080', 'ff', 'fffe'];

const TEXT_FAULTS: readonly TextFault[] = [
  (text, random) => Buffer.from(text.slice(0, random.below(text.length + 1))),
  (text) => Buffer.from(text + text),
  (text) => Buffer.from(`\ufeff${text}`),
  (text) => Buffer.from(text, 'utf16le'),
  (text, random) =>
    Buffer.from(text.replaceAll(random.pick(['"', ':', ',', '{', '}']), random.pick(['', "'", '\0']))),
  (text) => Buffer.from(`${text}${' '.repeat(300_000)}`),
  (text) => Buffer.from(`)]}',\n${text}`),
  (text) => Buffer.from(`<!doctype html><script>alert(${text})</script>`),
  (text, random) => Buffer.from(duplicated(text, random)),
  (text, random) => Buffer.from(duplicated(text, random)),
  (text, random) => spliced(Buffer.from(text), random, Buffer.from(random.pick(BAD_UTF8), 'hex')),
  (text, random) => spliced(Buffer.from(text), random, Buffer.from(random.pick(BAD_UTF8), 'hex')),
  (text, random) => flipped(Buffer.from(text), random),
];

/** One member comes twice, with two values. */
function duplicated(text: string, random: Random): string {
  const members = [...text.matchAll(/"(\w+)":("[^"\\]*"|[\w.-]+)/g)];
  if (members.length === 0) return text;
  const { 0: member, 1: name, index } = random.pick(members);
  const other = `"${name ?? ''}":${random.pick(['null', '"other"', '0', '9007199254740993', '{}'])}`;
  const both = random.chance(50) ? `${member},${other}` : `${other},${member}`;
  return text.slice(0, index) + both + text.slice(index + member.length);
}

function spliced(body: Buffer, random: Random, bytes: Buffer): Buffer {
  const place = random.below(body.length + 1);
  return Buffer.concat([body.subarray(0, place), bytes, body.subarray(place)]);
}

function flipped(body: Buffer, random: Random): Buffer {
  const copy = Buffer.from(body);
  if (copy.length > 0) copy[random.below(copy.length)] ^= 1 << random.below(8);
  return copy;
}

function mutateEnvelope(answer: Answer, random: Random): Answer {
  const contentType = random.pick([
    undefined,
    'text/html',
    'text/plain',
    'application/jwt',
    'application/json; charset=utf-16',
  ]);
  return random.chance(50)
    ? { ...answer, contentType }
    : { ...answer, status: random.pick([201, 202, 206, 302, 400, 401, 403, 404, 418, 429, 500, 503]) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
