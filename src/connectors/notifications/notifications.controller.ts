import {
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Req,
  Res,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { Public } from '../../common/current-user.js';
import { DataDeletionPage } from './data-deletion.page.js';
import { DataDeletions, type DataDeletionAnswer } from './data-deletions.js';
import type { ProviderMessage, ProviderMessageKind } from './notification.js';
import { Notifications } from './notifications.js';
import { rawBodyOf, type RequestWithBytes } from './raw-body.js';

/** RFC 8935 2.1: how security event tokens are pushed. */
const SECURITY_EVENT = 'application/secevent+jwt';

/**
 * Where providers tell us that a grant or an account is over. Everybody may come here; what counts is who has signed.
 * No browser does, and none could sign, so there is nothing for a page of another site to forge.
 */
@Controller('notifications')
@Public()
export class NotificationsController implements OnModuleInit {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    private readonly modules: ModuleRef,
    private readonly notifications: Notifications,
    private readonly deletions: DataDeletions,
  ) {}

  /** Fastify refuses what it has no parser for; Express leaves it unread. */
  onModuleInit(): void {
    if (this.host.httpAdapter?.getType() !== 'fastify') return;
    const fastify = this.host.httpAdapter.getInstance<FastifyParsers>();
    if (fastify.hasContentTypeParser(SECURITY_EVENT)) return;
    fastify.addContentTypeParser(SECURITY_EVENT, { parseAs: 'buffer' }, (request, body, done) => {
      request.rawBody = body;
      done(null, undefined);
    });
  }

  @Post(':connectorId')
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  async event(@Param('connectorId') id: string, @Req() request: RequestWithBytes): Promise<void> {
    await this.notifications.accept(id, await messageOf('event', request));
  }

  @Post(':connectorId/deauthorize')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async deauthorize(@Param('connectorId') id: string, @Req() request: RequestWithBytes): Promise<void> {
    await this.notifications.accept(id, await messageOf('deauthorize', request));
  }

  @Post(':connectorId/data-deletion')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async deleteData(
    @Param('connectorId') id: string,
    @Req() request: RequestWithBytes,
  ): Promise<DataDeletionAnswer> {
    return this.deletions.accept(id, await messageOf('data-deletion', request));
  }

  /** A page for a browser that navigates, JSON for the rest. */
  @Get(':connectorId/data-deletion/:confirmationCode')
  @Header('Cache-Control', 'no-store')
  async status(
    @Param() { connectorId, confirmationCode }: { connectorId: string; confirmationCode: string },
    @Req() { headers }: RequestWithBytes,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<unknown> {
    const status = await this.deletions.status(connectorId, confirmationCode);
    const page = String(headers.accept ?? '').includes('text/html') ? this.page() : undefined;
    if (!page)
      return {
        confirmation_code: confirmationCode,
        status: 'completed',
        completed_at: new Date(status.completedAt * 1000).toISOString(),
      };
    this.host.httpAdapter.setHeader(response, 'Content-Type', 'text/html; charset=utf-8');
    return page.render(status);
  }

  /** Whichever module provides it, if one does. */
  private page(): DataDeletionPage | undefined {
    try {
      return this.modules.get(DataDeletionPage, { strict: false });
    } catch {
      return undefined;
    }
  }
}

const messageOf = async (kind: ProviderMessageKind, request: RequestWithBytes): Promise<ProviderMessage> => ({
  kind,
  headers: request.headers,
  body: await rawBodyOf(request),
});

interface FastifyParsers {
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(
    type: string,
    options: { readonly parseAs: 'buffer' },
    parser: (
      request: { rawBody?: Buffer },
      body: Buffer,
      done: (error: null, body: undefined) => void,
    ) => void,
  ): void;
}
