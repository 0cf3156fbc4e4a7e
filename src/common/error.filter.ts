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
import { STATUSES } from './error-statuses.js';
import { isLatchkeyError, LatchkeyError } from './errors.js';

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
  readonly challenge?: string;
  /** What was asked for, when it was a page or a read. */
  readonly path?: string;
}

/**
 * Answers for the errors of Latchkey: a page for a browser that navigates, `{ code, message, data? }` for the rest, the
 * same as `extensions` of a GraphQL error and as event `exception` of a WebSocket. A gateway names it itself
 * (`@UseFilters(ErrorFilter)`): Nest gives it no filter of the application.
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

  /** GraphQL takes what is returned for the error of the field; elsewhere it has no meaning. */
  catch(error: unknown, context: ArgumentsHost): unknown {
    switch (context.getType<string>()) {
      case 'http':
        return this.answer(error, context);
      case 'ws':
        return emit(context.switchToWs().getClient(), this.describe(error));
      default:
        return withExtensions(error);
    }
  }

  private answer(error: unknown, context: ArgumentsHost): void {
    const response: unknown = context.switchToHttp().getResponse();
    const { httpAdapter } = this.host;
    if (httpAdapter.isHeadersSent(response)) return;

    const problem = this.describe(error);
    const { retryAfterSeconds, challenge } = problem;
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    if (challenge !== undefined) httpAdapter.setHeader(response, 'WWW-Authenticate', challenge);
    if (retryAfterSeconds !== undefined)
      httpAdapter.setHeader(response, 'Retry-After', String(retryAfterSeconds));
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
    if (status >= 500) this.logger.warn(`${error.code}: ${error.message}${said(error)}${causes(error)}`);
    const { code, message, data, retryAfterSeconds, challenge } = error;
    return { status, code, message, data, retryAfterSeconds, challenge };
  }
}

/** The same for every error there is, for an application that leaves all of them to Latchkey. */
@Injectable()
@Catch()
export class EveryErrorFilter extends ErrorFilter {}

/** GraphQL's place for what a program can read of an error. */
function withExtensions(error: unknown): unknown {
  if (!isLatchkeyError(error)) return error;
  const { code, data } = error;
  return Object.assign(error, { extensions: { code, data } });
}

/** Nest's event for errors, to a client of Socket.IO or of `ws`, whose `emit` is for local listeners. */
function emit(client: WebSocketClient, { code, message, data }: Problem): void {
  const event = { status: 'error', code, message, data };
  if (typeof client.readyState === 'number') client.send(JSON.stringify({ event: 'exception', data: event }));
  else client.emit('exception', event);
}

interface WebSocketClient {
  readonly readyState?: unknown;
  send(text: string): void;
  emit(event: string, data: object): void;
}

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

/** What the provider answered, by number and name, and what to do about it; its own words stay out of the log. */
const said = ({ upstream: { status, code, advice } = {} }: LatchkeyError): string => {
  const words = [status, code].filter((word) => word !== undefined).join(' ');
  return (words && ` (${words})`) + (advice ? ` ${advice}` : '');
};

/** The chain of causes by name and code: enough to find the fault, and nothing that a provider wrote. */
function causes(error: { cause?: unknown }): string {
  if (typeof error.cause !== 'object' || error.cause === null) return '';
  const { name = 'Error', code } = error.cause as { name?: string; code?: string };
  return ` <- ${name}${code === undefined ? '' : ` ${code}`}${causes(error.cause)}`;
}
