import { Scope, type FactoryProvider } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { Caller } from '../../common/request-of.js';
import { LogtoClient } from './logto-client.js';
import { LogtoClients } from './logto-clients.js';

/** Injects the client of the request at hand; what it is injected into lives for one request too. GraphQL gives its context. */
export const logtoClientProvider: FactoryProvider<LogtoClient> = {
  provide: LogtoClient,
  scope: Scope.REQUEST,
  inject: [REQUEST, LogtoClients],
  useFactory: (request: Caller & { req?: Caller; request?: Caller }, clients: LogtoClients) =>
    clients.of(request.headers ? request : (request.req ?? request.request ?? request)),
};
