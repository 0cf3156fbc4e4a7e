import { leftOut } from './test/support/left-out.js';

const { sentences, testPaths, globals } = await leftOut();

export default {
  rootDir: '.',
  testEnvironment: 'node',
  testRegex: ['/test/.*\\.spec\\.ts$'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...testPaths],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  globals,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
  testTimeout: 120_000,
  reporters: ['default', ['./test/support/closing-line.reporter.js', { leftOut: sentences }]],
};
