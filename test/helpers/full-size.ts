import { findMongoProgram } from './mongo-program';
import { ownsMongo } from './mongo-server';

/** Whether the database is the slow stand-in, on which some suites measure nothing but its slowness. */
const isSlow = ownsMongo && findMongoProgram()?.flavor === 'wheel';

/** `describe` where the database is of full speed; elsewhere the suite is skipped, which is said. */
export function atFullSize(suite: string): jest.Describe {
  if (!isSlow) return describe;
  process.stderr.write(`${suite}: skipped on the slow database server; it runs where MONGOD names a fast one\n`);
  return describe.skip;
}
