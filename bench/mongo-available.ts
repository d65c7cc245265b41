import { findMongoProgram } from '../test/helpers/mongo-program';

/** Why the MongoDB section cannot run, in a line for the reader; undefined when it can. */
export function whyNoMongo(): string | undefined {
  if (process.env.MONGO_URL) return undefined;
  const program = findMongoProgram();
  if (program && program.flavor !== 'wheel') return undefined;
  const found = program ? 'only the slow stand-in is here, whose figures say nothing about a mongod' : 'none is here';
  return `MongoDB section SKIPPED: it needs a MongoDB server of full speed, and ${found}. Set MONGOD to a mongod program, or MONGO_URL to a running server.`;
}
