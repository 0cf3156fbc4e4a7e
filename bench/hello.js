/** The bare framework: Nest on Fastify with one open route, to measure Latchkey beside. */
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

class HelloController {
  hello() {
    return { id: 'ab12cd34ef56', name: 'Alice Arden', email: 'alice@example.test', emailVerified: true };
  }
}
const method = Object.getOwnPropertyDescriptor(HelloController.prototype, 'hello');
Get()(HelloController.prototype, 'hello', method);
Controller()(HelloController);

class HelloModule {}
Module({ controllers: [HelloController] })(HelloModule);

const app = await NestFactory.create(HelloModule, new FastifyAdapter(), { logger: ['error'] });
await app.listen(Number(process.env.PORT), 'localhost');
