const { ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

/**
 * jest's environment of Node.js without a context of its own: with one, whatever a package makes would be of other classes than the
 * suite's (`instanceof Date`), and so each suite would have to load all packages anew (shared-packages.cjs). What a suite changes in
 * `globalThis` or in the environment's variables ends with the suite.
 */
class OneContext {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;

  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
    this.restore = [keepVariables(process.env), keepExit(), keepGlobals()];
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return globalThis;
  }

  async setup() {}

  async teardown() {
    this.fakeTimersModern.dispose();
    for (const restore of this.restore) restore();
  }
}

/**
 * Properties are told apart by their descriptors: many of the globals are only made when they are read. Of new ones only symbols go,
 * behind which jest keeps its list of who hears of a suite; a name may be a package's (`bus` of Moleculer's Fake transporter).
 */
function keepGlobals() {
  const kept = Object.getOwnPropertyDescriptors(globalThis);
  return () => {
    for (const symbol of Object.getOwnPropertySymbols(globalThis))
      if (!Object.hasOwn(kept, symbol)) delete globalThis[symbol];
    for (const key of Reflect.ownKeys(kept)) {
      if (kept[key].configurable && !isSame(kept[key], Object.getOwnPropertyDescriptor(globalThis, key)))
        Object.defineProperty(globalThis, key, kept[key]);
    }
  };
}

function isSame(one, other) {
  return other !== undefined && Reflect.ownKeys(one).every((key) => Object.is(one[key], other[key]));
}

/** jest's runner puts a function of its own there for each suite. */
function keepExit() {
  const { exit } = process;
  return () => void (process.exit = exit);
}

/** The variables of a process are texts behind an object of its own kind. */
function keepVariables(env) {
  const kept = { ...env };
  return () => {
    for (const name of Object.keys(env)) if (!Object.hasOwn(kept, name)) delete env[name];
    Object.assign(env, kept);
  };
}

module.exports = OneContext;
