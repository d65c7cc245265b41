const Sequencer = require('@jest/test-sequencer').default;

/** Where the suites are that take longest, in this order. */
const FOLDERS = ['/test/chaos/', '/test/integration/hostile/', '/test/concurrency/', '/test/integration/'];

/**
 * Suites that take long begin first, so that at the end no worker waits for one of them. Jest knows how long each took the last time;
 * in a fresh clone the folder tells.
 */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted;
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
};

function placeOf({ path }) {
  const place = FOLDERS.findIndex((folder) => path.includes(folder));
  return place < 0 ? FOLDERS.length : place;
}
