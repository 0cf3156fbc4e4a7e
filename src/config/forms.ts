import { z } from 'zod';

/** The forms that several variables have. */

export const text = z.string();

export const httpUrl = z
  .string()
  .refine((value) => /^https?:$/.test(protocolOf(value)), 'must be an http or https URL')
  .transform((value) => value.replace(/\/+$/, ''));

/** Words separated by spaces or commas. */
export const list = z.string().transform((value) => value.split(/[\s,]+/).filter(Boolean));

export const flag = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true');

export function protocolOf(value: string): string {
  return URL.canParse(value) ? new URL(value).protocol : '';
}
