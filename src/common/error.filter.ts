import {
  Catch,
  HttpException,
  Inject,
  Injectable,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { isLatchkeyError, LatchkeyError, type ErrorCode } from './errors.js';

/** Renders an error for people. Without one, everybody gets JSON. */
export abstract class ErrorPage {
  abstract render(problem: Problem): string;
}

/** An error as it leaves the backend: `{ code, message, data? }`, the form of Logto's API. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  /** What was asked for, when it was a page or a read. */
  readonly path?: string;
}

const STATUSES: Record<ErrorCode, number> = {
  'auth.unauthorized': 401,
  'auth.forbidden': 403,
  'auth.state_invalid': 400,
  'auth.transaction_expired': 400,
  'auth.iss_mismatch': 400,
  'auth.id_token_invalid': 400,
  'auth.userinfo_mismatch': 400,
  'auth.access_denied': 403,
  'auth.callback_invalid': 400,
  'auth.return_to_invalid': 400,
  'auth.parameter_invalid': 400,
  'auth.link_refused': 403,
  'connector.social_auth_code_invalid': 400,
  'connector.not_found': 404,
  'connector.misconfigured': 503,
  'connector.invalid_response': 502,
  'connector.provider_unavailable': 503,
  'connector.provider_timeout': 504,
  'connector.rate_limited': 503,
  'connector.grant_invalid': 409,
  'user.identity_already_in_use': 422,
  'user.identity_not_exist': 404,
  'secrets.third_party_token_set.token_not_found': 404,
  reauthorization_required: 409,
  'vault.integrity_error': 503,
  'vault.key_unavailable': 503,
  'vault.conflict': 503,
};

/**
 * Answers for the errors of Latchkey: a page for a browser that navigates, `{ code, message, data? }` for the rest.
 * Registered by every module, so that an application that imports one sees the right statuses; its own errors are its own.
 */
@Injectable()
@Catch(LatchkeyError)
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(ErrorFilter.name);

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    private readonly modules: ModuleRef,
  ) {}

  catch(error: unknown, context: ArgumentsHost): void {
    if (context.getType() !== 'http') throw error;
    const response: unknown = context.switchToHttp().getResponse();
    const { httpAdapter } = this.host;
    if (httpAdapter.isHeadersSent(response)) return;

    const problem = this.describe(error);
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    if (problem.retryAfterSeconds !== undefined) {
      httpAdapter.setHeader(response, 'Retry-After', String(problem.retryAfterSeconds));
    }
    const page = this.page();
    if (page && wantsPage(context.switchToHttp().getRequest())) {
      httpAdapter.setHeader(response, 'Content-Type', 'text/html; charset=utf-8');
      httpAdapter.reply(
        response,
        page.render({ ...problem, path: pathOf(context.switchToHttp().getRequest()) }),
        problem.status,
      );
    } else {
      const { code, message, data } = problem;
      httpAdapter.reply(response, { code, message, data }, problem.status);
    }
  }

  /** Whichever module provides it, if one does. */
  private page(): ErrorPage | undefined {
    try {
      return this.modules.get(ErrorPage, { strict: false });
    } catch {
      return undefined;
    }
  }

  private describe(error: unknown): Problem {
    if (isLatchkeyError(error)) return this.describeOurs(error);
    const status = statusOf(error);
    if (status !== undefined && status < 500)
      return { status, code: `request.${status}`, message: publicMessage(error, status) };
    const requestId = randomUUID();
    this.logger.error(`Request ${requestId} failed`, stackOf(error));
    return {
      status: 500,
      code: 'server.error',
      message: 'Something went wrong on our side.',
      data: { requestId },
    };
  }

  private describeOurs(error: LatchkeyError): Problem {
    const status = (STATUSES as Partial<Record<string, number>>)[error.code] ?? 500;
    if (status >= 500) this.logger.warn(`${error.code}: ${error.message}${causes(error)}`);
    const { code, message, data, retryAfterSeconds } = error;
    return { status, code, message, data, retryAfterSeconds };
  }
}

/** The same for every error there is, for an application that leaves all of them to Latchkey. */
@Injectable()
@Catch()
export class EveryErrorFilter extends ErrorFilter {}

/** A browser that navigates asks for HTML by name; API clients send `*` or JSON. */
const wantsPage = (request: { headers: Record<string, string | string[] | undefined> }): boolean =>
  String(request.headers.accept ?? '').includes('text/html');

/** Express shortens `url` for mounted routers and keeps the whole in `originalUrl`. */
const pathOf = (request: { method?: string; url?: string; originalUrl?: string }): string | undefined =>
  request.method === 'GET' ? (request.originalUrl ?? request.url) : undefined;

/** Nest's own errors, and those of the platforms below it (Fastify, body parsers), carry a status. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode, status } = (error ?? {}) as { statusCode?: unknown; status?: unknown };
  return [statusCode, status].find((value) => typeof value === 'number' && value >= 400 && value < 600) as
    number | undefined;
}

const publicMessage = (error: unknown, status: number): string =>
  error instanceof HttpException
    ? error.message
    : status === 413
      ? 'The request is too large.'
      : 'The request is malformed.';

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** The chain of causes by name and code: enough to find the fault, and nothing that a provider wrote. */
function causes(error: { cause?: unknown }): string {
  if (typeof error.cause !== 'object' || error.cause === null) return '';
  const { name = 'Error', code } = error.cause as { name?: string; code?: string };
  return ` <- ${name}${code === undefined ? '' : ` ${code}`}${causes(error.cause)}`;
}
