/** Public API of `nest-latchkey/testing`: the sandbox of Logto and the social providers, for an application's own tests. */
export {
  startSandbox,
  type Fault,
  type Notice,
  type NoticeAnswer,
  type Sandbox,
  type SandboxClient,
  type SandboxOptions,
} from './sandbox/sandbox.js';
export {
  connectorConformance,
  type ConformanceCase,
  type ConformanceOptions,
} from './conformance/conformance.js';
export {
  type ConformanceSubject,
  type ProviderAnswer,
  type ProviderRequest,
  type ProviderRound,
} from './conformance/subject.js';
