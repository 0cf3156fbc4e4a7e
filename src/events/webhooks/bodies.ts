import { z } from 'zod';
import { EVENT_NAMES } from '../event.js';
import { HEADERS } from './signature.js';

/** The forms of requests. A field that is not ours is refused, so that nothing is set or lost in silence. */

/** Given by us or by the connection. */
const TAKEN = new Set<string>([
  ...Object.values(HEADERS),
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

const MAX_HEADERS = 20;

const events = z.array(z.enum(EVENT_NAMES)).min(1).max(100);

/** A database may refuse them, and a URL parser leaves some out in silence. */
const NO_CONTROL_CHARACTERS = [/^\P{Cc}*$/u, 'must have no control characters'] as const;

const name = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .regex(...NO_CONTROL_CHARACTERS);

/** Names are alike in any case (RFC 9110 5.1), values visible characters, spaces and tabs (5.5). */
const headers = z
  .record(
    z
      .string()
      .max(128)
      .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header')
      .transform((text) => text.toLowerCase())
      .refine((text) => !TAKEN.has(text), 'is set by us'),
    z
      .string()
      .max(4096)
      .regex(/^[\t\x20-\x7e]*$/, 'must be the value of a header'),
  )
  .refine((given) => Object.keys(given).length <= MAX_HEADERS, `must be at most ${MAX_HEADERS} headers`);

const url = z
  .string()
  .regex(...NO_CONTROL_CHARACTERS)
  .pipe(z.url({ protocol: /^https?$/i }).max(2048))
  .refine((text) => URL.canParse(text) && new URL(text).hash === '', 'must have no fragment');

const config = z.strictObject({ url, headers: headers.optional() });

export const newHook = z.strictObject({
  name: name.default('Webhook'),
  events,
  config,
  enabled: z.boolean().optional(),
});

export const hookChanges = z.strictObject({
  name: name.optional(),
  events: events.optional(),
  config: config.optional(),
  enabled: z.boolean().optional(),
});

export const hookTrial = z
  .strictObject({ events: events.optional(), config: config.optional() })
  .nullish()
  .transform((trial) => trial ?? {});

/** As Logto pages: from 1, at most 100 to a page. */
export const logQuery = z.strictObject({
  page: z.coerce.number().int().min(1).max(100_000).default(1),
  page_size: z.coerce.number().int().min(1).max(100).default(20),
  logKey: z.enum(EVENT_NAMES.map((event) => `TriggerHook.${event}` as const)).optional(),
});
