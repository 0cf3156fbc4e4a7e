import { authorizationCases } from './cases/authorization.cases.js';
import { descriptorCases } from './cases/descriptor.cases.js';
import { exchangeCases } from './cases/exchange.cases.js';
import { faultCases } from './cases/fault.cases.js';
import { mutationCases } from './cases/mutation.cases.js';
import { renewalCases } from './cases/renewal.cases.js';
import { signInCases } from './cases/sign-in.cases.js';
import { createApplication, openStage, type CreateApplication, type Stage } from './stage.js';
import type { ConformanceSubject } from './subject.js';

/** One thing that every connector has to do, and a check of it that rejects when it does not. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** What a case works with. */
export interface ConformanceContext {
  readonly subject: ConformanceSubject;
  readonly stage: () => Promise<Stage>;
}

export type Cases = (context: ConformanceContext) => readonly ConformanceCase[];

export interface ConformanceOptions {
  /** The application around the connector: on Fastify, on Express, with what yours has. Default: Nest's default platform. */
  readonly createApplication?: CreateApplication;
}

/**
 * Everything that Latchkey promises of a connector, as named checks for any test runner:
 *
 *     const kit = connectorConformance(subject);
 *     afterAll(() => kit.close());
 *     it.each([...kit.cases])('$name', ({ run }) => run());
 *
 * The provider is played by the subject's answers; no request leaves the process.
 */
export function connectorConformance(
  subject: ConformanceSubject,
  options: ConformanceOptions = {},
): { readonly cases: readonly ConformanceCase[]; close(): Promise<void> } {
  let opened: Promise<Stage> | undefined;
  const stage = (): Promise<Stage> =>
    (opened ??= openStage(subject, options.createApplication ?? createApplication));
  const groups: readonly Cases[] = [
    descriptorCases,
    authorizationCases,
    exchangeCases,
    faultCases,
    mutationCases,
    renewalCases,
    signInCases,
  ];
  return {
    cases: groups.flatMap((group) => group({ subject, stage })),
    close: async () => (await opened)?.close(),
  };
}
