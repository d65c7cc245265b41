const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
  ],
};

const shared = { testEnvironment: 'node', transform, modulePathIgnorePatterns: ['<rootDir>/dist/'] };

/** @type {import('jest').Config} */
module.exports = {
  testTimeout: 30_000,
  projects: [
    { ...shared, displayName: 'all', testMatch: ['<rootDir>/test/**/*.test.ts'] },
    // All bus tests once more with MongoDB behind.
    {
      ...shared,
      displayName: 'mongo',
      testMatch: ['<rootDir>/test/integration/bus/**/*.test.ts'],
      setupFiles: ['<rootDir>/test/helpers/on-mongo.ts'],
    },
  ],
};
