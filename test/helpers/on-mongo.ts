/** For a jest project: suites that can run on either store run on MongoDB. */
process.env.TEST_STORE = 'mongo';
