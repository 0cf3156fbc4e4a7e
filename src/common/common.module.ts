import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Clock } from './clock.js';
import { ErrorFilter } from './error.filter.js';
import { HttpClient } from './http-client.js';
import { PreparedReads } from './prepared-reads.js';

const services = [Clock, HttpClient, PreparedReads, ErrorFilter];

/** What every module of Latchkey shares. One instance each, however many modules import it. */
@Module({ providers: [...services, { provide: APP_FILTER, useExisting: ErrorFilter }], exports: services })
export class CommonModule {}
