const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
  ],
};

/** Suites that measure the time of something: they run one after the other, when nothing else does (scripts/test.mjs). */
const ALONE = '\\.alone\\.test\\.ts$';

const project = (displayName, folders, more) => ({
  displayName,
  testEnvironment: '<rootDir>/test/jest/one-context.cjs',
  runtime: '<rootDir>/test/jest/shared-packages.cjs',
  transform,
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testPathIgnorePatterns: [ALONE],
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
  ...more,
});

/** @type {import('jest').Config} */
module.exports = {
  testTimeout: 90_000,
  testSequencer: '<rootDir>/test/jest/longest-first.cjs',
  projects: [
    project('unit', ['unit']),
    project('integration', ['integration']),
    // All bus tests once more with MongoDB behind.
    project('mongo', ['integration/bus'], { setupFiles: ['<rootDir>/test/helpers/on-mongo.ts'] }),
    project('chaos', ['chaos', 'concurrency']),
    project('alone', ['*'], { testPathIgnorePatterns: [], testRegex: ALONE, testMatch: undefined }),
  ],
};
