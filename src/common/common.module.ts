import { Module } from '@nestjs/common';
import { Clock } from './clock.js';
import { HttpClient } from './http-client.js';
import { PreparedReads } from './prepared-reads.js';

const services = [Clock, HttpClient, PreparedReads];

/** What every module of Latchkey shares. One instance each, however many modules import it. */
@Module({ providers: services, exports: services })
export class CommonModule {}
