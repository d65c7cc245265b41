import { findBrowser } from './find-browser';
import { findProgram } from './find-program';
import { findMongoProgram } from './mongo-program';
import { canProxy } from './mongo-proxy';
import { ownsMongo } from './mongo-server';
import { ownsNats } from './nats-server';
import { PROXIES } from './proxies';
import { ownsRedis } from './redis-server';

/** `describe` where a suite can run; elsewhere it is skipped, and why is said. */
function unless(reason: string | undefined, suite: string): jest.Describe {
  if (reason === undefined) return describe;
  process.stderr.write(`${suite}: SKIPPED, ${reason}\n`);
  return describe.skip; // no fault of the code: a program is not installed, or a server named by a variable is not ours to kill
}

/** For suites that kill or restart the database. */
export const onOwnMongo = (suite: string): jest.Describe =>
  unless(ownsMongo ? undefined : 'the server of MONGO_URL is not ours to kill or restart', suite);

/** For suites that kill or restart the bus. */
export const onOwnNats = (suite: string): jest.Describe =>
  unless(ownsNats ? undefined : 'the server of NATS_URL is not ours to kill or restart', suite);

/** For suites that freeze, kill or restart Redis. */
export const onOwnRedis = (suite: string): jest.Describe =>
  unless(ownsRedis ? undefined : 'the server of REDIS_URL is not ours to kill or restart', suite);

/** For suites that look at pages. */
export const inBrowser = (suite: string): jest.Describe =>
  unless(findBrowser() ? undefined : 'there is no Chromium: install it, or name one by CHROMIUM', suite);

/** For what Prometheus's own check looks at. */
export const withPromtool = (suite: string): jest.Describe =>
  unless(findProgram('promtool') ? undefined : 'there is no promtool: Debian has it in its package prometheus', suite);

/** For suites before which the handbook's proxies stand. */
export const behindProxies = (suite: string): jest.Describe => {
  const missing = PROXIES.filter((name) => !findProgram(name));
  return unless(missing.length > 0 ? `there is no ${missing.join(' and no ')}: install it` : undefined, suite);
};

const noProxy = canProxy(process.env.MONGO_URL ?? 'mongodb://ours/x')
  ? undefined
  : 'no proxy can stand before the server of MONGO_URL: it must be one plain host without TLS';

/** For suites that put a proxy before the database. */
export const onProxiedMongo = (suite: string): jest.Describe => unless(noProxy, suite);

const slow =
  ownsMongo && findMongoProgram()?.flavor === 'wheel'
    ? 'on the slow database server it would measure nothing but that; it runs where MONGOD names a fast one'
    : undefined;

/** For suites that need a database of full speed. @param missing what else they lack, if anything */
export const atFullSize = (suite: string, missing?: string): jest.Describe => unless(missing ?? slow, suite);

/** The same, with a proxy before it. */
export const atFullSizeProxied = (suite: string): jest.Describe => atFullSize(suite, noProxy);
