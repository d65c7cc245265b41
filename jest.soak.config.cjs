const { projects } = require('./jest.config.js');

/** `npm run soak`: what takes an hour by design, and so is no part of `npm test`. */
module.exports = { ...projects[0], displayName: 'soak', testMatch: ['<rootDir>/test/soak/**/*.soak.ts'] };
