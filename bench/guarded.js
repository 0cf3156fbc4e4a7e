/** The backend with one route twice: open, and behind the guard of every route, which takes sessions and access tokens. */
import 'reflect-metadata';
import process from 'node:process';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule, secureApplication } from '../dist/src/app.module.js';
import { readConfiguration } from '../dist/src/config/configuration.js';
import { openDataSource } from '../dist/src/database/data-source.js';
import { CurrentUser, OptionalUser, Public } from '../dist/src/index.js';
import { fastifyAdapter } from '../dist/src/operations/fastify.js';

const ANSWER = { id: 'ab12cd34ef56', name: 'Alice Arden', email: 'alice@example.test', emailVerified: true };

class RoutesController {
  open() {
    return ANSWER;
  }
  guarded(user) {
    return user;
  }
}

const route = (name, user, ...decorators) => {
  const method = Object.getOwnPropertyDescriptor(RoutesController.prototype, name);
  for (const decorate of [Get(name), ...decorators]) decorate(RoutesController.prototype, name, method);
  user()(RoutesController.prototype, name, 0);
};
route('open', OptionalUser, Public());
route('guarded', CurrentUser);
Controller('bench')(RoutesController);

class BenchModule {}
const configuration = readConfiguration(process.env);
const { baseUrl, sessionSecret, vaultKeys, logto, logtoAccess, databaseUrl, port } = configuration;
const settings = { baseUrl, sessionSecret, vaultKeys, logto: { ...logto, ...logtoAccess } };
const backend = AppModule.forRoot(settings, await openDataSource(databaseUrl));
Module({ imports: [backend], controllers: [RoutesController] })(BenchModule);

const app = await NestFactory.create(BenchModule, fastifyAdapter(), { logger: ['error'] });
await secureApplication(app, settings).listen(port, 'localhost');
