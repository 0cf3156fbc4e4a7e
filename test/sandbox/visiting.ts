import { createHash, randomBytes } from 'node:crypto';
import { Browser, type Visit } from './browser.js';

/** Who goes through the pages, and which boxes they untick on the way. */
export interface Visiting {
  readonly persona: string;
  readonly unticked?: readonly string[];
}

/** From an authorization URL through the pages, allowing what is asked, up to the callback (or a page). */
export async function goThrough(url: URL, { persona, unticked = [] }: Visiting): Promise<URL> {
  const browser = new Browser(url.origin);
  let visit: Visit = await browser.get(url.href);
  if (visit.body.includes('name="persona"')) visit = await browser.press(visit, 'persona', persona);
  if (visit.body.includes('name="allow"')) visit = await browser.press(visit, 'allow', 'yes', unticked);
  return new URL(visit.url);
}

/** What the page at the end of a redirect chain says, without following it any further. */
export async function pageAt(url: URL): Promise<{ status: number; location: string | null; body: string }> {
  const answer = await fetch(url, { redirect: 'manual' });
  return { status: answer.status, location: answer.headers.get('location'), body: await answer.text() };
}

/** A URL with parameters; one that is undefined is left out. */
export function withParameters(url: string, parameters: Readonly<Record<string, string | undefined>>): URL {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) target.searchParams.set(name, value);
  return target;
}

export const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

/** https://www.rfc-editor.org/rfc/rfc7636#section-4 */
export function newPkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}
