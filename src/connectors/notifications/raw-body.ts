import { PayloadTooLargeException } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { LatchkeyError } from '../../common/errors.js';
import type { Caller } from '../../common/request-of.js';

/** The part of a request that Fastify and Express share once Nest keeps the bytes, and Fastify's own beneath it. */
export interface RequestWithBytes extends Required<Caller> {
  readonly rawBody?: Buffer;
  /** What a parser has made of it. */
  readonly body?: unknown;
  readonly raw?: Readable;
}

const LIMIT_BYTES = 64 * 1024;

/**
 * The body as it came. Of a type that no parser has read it is read here. Rejects with `connector.misconfigured` where a
 * parser has read it and the application does not keep the bytes.
 */
export async function rawBodyOf(request: RequestWithBytes): Promise<Buffer> {
  const { rawBody, body } = request;
  const kept = rawBody ?? (typeof body === 'string' ? Buffer.from(body) : undefined);
  const bytes = kept ?? (await readBody(request.raw ?? (request as unknown as Readable)));
  if (bytes.length > LIMIT_BYTES) throw new PayloadTooLargeException('The request is too large.');
  return bytes;
}

async function readBody(stream: Readable): Promise<Buffer> {
  if (stream.readableEnded)
    throw new LatchkeyError(
      'connector.misconfigured',
      'Notifications need the bytes as they came: give { rawBody: true } to NestFactory.create.',
    );
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > LIMIT_BYTES) break;
    chunks.push(chunk as Buffer);
  }
  if (size <= LIMIT_BYTES) return Buffer.concat(chunks);
  stream.resume();
  throw new PayloadTooLargeException('The request is too large.');
}
