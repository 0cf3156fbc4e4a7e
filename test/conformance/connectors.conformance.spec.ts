import { afterAll, describe, it } from '@jest/globals';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { connectorConformance } from '../../src/testing.js';
import { platforms, type Platform } from '../support/backend.js';
import { PatientExpress } from '../support/express.js';
import { facebook } from './subjects/facebook.js';
import { oauth2, oidc } from './subjects/generic.js';
import { github } from './subjects/github.js';
import { gitlab } from './subjects/gitlab.js';
import { google } from './subjects/google.js';
import { sample } from './subjects/sample.js';
import { wecom } from './subjects/wecom.js';
import { x } from './subjects/x.js';

const subjects = { facebook, github, gitlab, google, x, wecom, oauth2, oidc, "somebody else's": sample };

const applicationOn =
  (platform: Platform) =>
  (module: DynamicModule): Promise<INestApplication> =>
    NestFactory.create(module, platform === 'Express' ? new PatientExpress() : new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
      forceCloseConnections: true,
    });

describe.each(platforms)('every connector, on %s', (platform) => {
  describe.each(Object.entries(subjects))('%s', (_, subject) => {
    const kit = connectorConformance(subject, { createApplication: applicationOn(platform) });
    afterAll(() => kit.close());
    it.each([...kit.cases])('$name', ({ run }) => run());
  });
});
