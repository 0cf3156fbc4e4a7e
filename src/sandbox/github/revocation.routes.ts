import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { basicCredentials } from '../basic-credentials.js';
import { textOf } from '../body.js';
import { problem } from './api.routes.js';
import type { GitHubDialect } from './github.dialect.js';
import type { Grant } from './ledger.js';

const bodySchema = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue('is no JSON');
      return z.NEVER;
    }
  })
  .pipe(z.object({ access_token: z.string().min(1) }));

/** A token, or a person's whole authorization: https://docs.github.com/rest/apps/oauth-applications */
export function revocationRoutes(app: FastifyInstance, github: GitHubDialect): void {
  const { ledger } = github;
  app.post('/github/api/applications/:clientId/token', (request, reply) => check(github, { request, reply }));
  app.delete('/github/api/applications/:clientId/token', (request, reply) =>
    revoke(github, { request, reply }, ({ value }) => ledger.revokeToken(value)),
  );
  app.delete('/github/api/applications/:clientId/grant', (request, reply) =>
    revoke(github, { request, reply }, ({ token }) => ledger.revokeGrant(token)),
  );
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface Found {
  readonly value: string;
  readonly token: Grant;
}

function check(github: GitHubDialect, exchange: Exchange): FastifyReply {
  const { value, token } = find(github, exchange) ?? {};
  if (value === undefined) return exchange.reply;
  return exchange.reply.send({ token: value, app: { client_id: token?.clientId }, scopes: token?.scopes });
}

function revoke(github: GitHubDialect, exchange: Exchange, end: (found: Found) => void): FastifyReply {
  const found = find(github, exchange);
  if (found === undefined) return exchange.reply;
  end(found);
  return exchange.reply.code(204).send();
}

/** The token that an application asks about; nothing where the answer has been given already. */
function find({ clients, ledger }: GitHubDialect, { request, reply }: Exchange): Found | undefined {
  const { clientId: named } = z.object({ clientId: z.string() }).parse(request.params);
  const { id, secret } = basicCredentials(request.headers.authorization) ?? {};
  const client = clients.find(({ clientId, clientSecret }) => clientId === id && clientSecret === secret);
  if (client === undefined) return void problem(reply, 401, 'Bad credentials');
  const body = bodySchema.safeParse(textOf(request.body));
  if (!body.success) return void problem(reply, 422, 'Validation Failed');
  const { access_token: value } = body.data;
  const token = ledger.findAccessToken(value);
  if (client.clientId !== named || token?.clientId !== named) return void problem(reply, 404, 'Not Found');
  return { value, token };
}
