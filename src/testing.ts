/** Public API of `nest-latchkey/testing`: the sandbox of Logto and Google, for an application's own tests. */
export { startSandbox, type Sandbox, type SandboxClient, type SandboxOptions } from './sandbox/sandbox.js';
