export interface Credentials {
  readonly id?: string;
  readonly secret?: string;
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1: both halves are form-encoded before base64. */
export function basicCredentials(authorization: string | undefined): Credentials | undefined {
  const encoded = /^basic (.+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id, secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const fields = new URLSearchParams(`id=${id}&secret=${secret}`);
  return { id: fields.get('id') ?? undefined, secret: fields.get('secret') ?? undefined };
}

/** The token of an `Authorization: Bearer` header. */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  /^bearer (.+)$/i.exec(authorization ?? '')?.[1];
