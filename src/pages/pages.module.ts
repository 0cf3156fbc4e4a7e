import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { CommonModule } from '../common/common.module.js';
import { ErrorPage, EveryErrorFilter } from '../common/error.filter.js';
import { DataDeletionPage } from '../connectors/notifications/data-deletion.page.js';
import { HtmlDataDeletionPage } from './data-deletion.page.js';
import { HtmlErrorPage } from './error.page.js';
import { PagesController } from './pages.controller.js';

/** The pages of the backend that runs as it is. An application with a face of its own leaves this out. */
@Module({
  imports: [CommonModule],
  controllers: [PagesController],
  providers: [
    { provide: ErrorPage, useClass: HtmlErrorPage },
    { provide: DataDeletionPage, useClass: HtmlDataDeletionPage },
    EveryErrorFilter,
    { provide: APP_FILTER, useExisting: EveryErrorFilter },
  ],
})
export class PagesModule {}
