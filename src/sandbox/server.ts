import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { formOf } from './body.js';
import type { Control } from './control/control.js';
import { controlRoutes } from './control/control.routes.js';
import { strike } from './control/faults.js';
import { refuseStrangers } from './control/refuse-strangers.js';
import { homePage } from './pages/home.page.js';
import { sendPage } from './pages/page.js';
import { isProviderPath } from './pages/providers.js';
import { icon, stylesheet } from './pages/stylesheet.js';

interface ServerOptions {
  readonly applicationUrl: string;
  readonly control: Control;
}

/** All routes of the sandbox, ready to be served. */
export async function createServer({ applicationUrl, control }: ServerOptions): Promise<FastifyInstance> {
  const app = fastify();
  takeBodiesAsText(app);
  countAndStrike(app, control);
  await app.register((scope) => controlRoutes(scope, control, applicationUrl));
  app.get('/', { preHandler: refuseStrangers }, (_request, reply) =>
    sendPage(reply, homePage(applicationUrl, control)),
  );
  app.get('/sandbox.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(stylesheet));
  app.get('/sandbox.svg', (_request, reply) => reply.type('image/svg+xml').send(icon));
  for (const [, dialect] of control.providers) await app.register(async (scope) => dialect.routes(scope));
  await app.ready();
  return app;
}

/** One rule for every endpoint: each reads the text as it needs it, and faults and counters see it before. */
function takeBodiesAsText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
}

function countAndStrike(app: FastifyInstance, control: Control): void {
  app.addHook('preHandler', async (request, reply) => {
    const [path = '/'] = request.url.split('?');
    if (isProviderPath(path)) control.requests.count(request.method, path, grantTypeOf(request));
    const fault = control.faults.take(path);
    if (fault !== undefined && (await strike(fault, reply))) return reply;
    return undefined;
  });
}

/** Facebook takes it in the query, too. */
const grantTypeOf = ({ body, url }: FastifyRequest): string | undefined =>
  formOf(body)['grant_type'] ?? formOf(url.split('?').slice(1).join('?'))['grant_type'];
