import fastify, { type FastifyInstance } from 'fastify';
import { formOf } from './body.js';
import type { Control } from './control/control.js';
import { controlRoutes } from './control/control.routes.js';
import { strike } from './control/faults.js';
import { refuseStrangers } from './control/refuse-strangers.js';
import type { GoogleDialect } from './google/google.dialect.js';
import { googleRoutes } from './google/google.routes.js';
import type { LogtoDialect } from './logto/logto.dialect.js';
import { logtoRoutes } from './logto/logto.routes.js';
import { homePage } from './pages/home.page.js';
import { sendPage } from './pages/page.js';
import { icon, stylesheet } from './pages/stylesheet.js';

interface ServerOptions {
  readonly url: string;
  readonly applicationUrl: string;
  readonly control: Control;
  readonly logto: LogtoDialect;
  readonly google: GoogleDialect;
}

/** All routes of the sandbox, ready to be served. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { control } = options;
  const app = fastify();
  takeBodiesAsText(app);
  countAndStrike(app, control);
  await app.register((scope) => controlRoutes(scope, control));
  app.get('/', { preHandler: refuseStrangers }, (_request, reply) =>
    sendPage(reply, homePage({ ...options, time: control.time() })),
  );
  app.get('/sandbox.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(stylesheet));
  app.get('/sandbox.svg', (_request, reply) => reply.type('image/svg+xml').send(icon));
  logtoRoutes(app, options.logto);
  googleRoutes(app, options.google);
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
    if (isProviderPath(path))
      control.requests.count(request.method, path, formOf(request.body)['grant_type']);
    const fault = control.faults.take(path);
    if (fault !== undefined && (await strike(fault, reply))) return reply;
    return undefined;
  });
}

const isProviderPath = (path: string): boolean =>
  /^\/(oidc|google)\//.test(path) && !path.startsWith('/google/control/');
