/** Ends the run with what was left out, and with `N passed, N failed` alone on a line. */
export default class ClosingLineReporter {
  constructor(_globalConfig, { leftOut = [] } = {}) {
    this.leftOut = leftOut;
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    for (const sentence of this.leftOut) process.stderr.write(`\nLeft out on this machine: ${sentence}\n`);
    process.stderr.write(
      `\n${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed\n`,
    );
  }
}
