import { writeSync } from 'node:fs';

const STDOUT = 1;

/** Ends the run with what was left out, and with `N passed, N failed` alone on the very last line. */
export default class ClosingLineReporter {
  constructor(_globalConfig, { leftOut = [] } = {}) {
    this.leftOut = leftOut;
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    const lines = [
      ...this.leftOut.map((sentence) => `Left out on this machine: ${sentence}`),
      `${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed`,
    ];
    process.once('exit', () => writeSync(STDOUT, `\n${lines.join('\n')}\n`));
  }
}
