/**
 * Loaded into a node under test by `--require` (process-figures.ts): answers each connection to a Unix socket with what
 * the process holds right now, after a full garbage collection. The socket and its timer do not keep the process alive.
 */
const { Buffer } = require('node:buffer');
const { openSync, readdirSync, readSync } = require('node:fs');
const { createServer } = require('node:net');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setInterval } = require('node:timers');
const { setImmediate } = require('node:timers');
const v8 = require('node:v8');
const vm = require('node:vm');

const path = process.env.PROCESS_PROBE;
delete process.env.PROCESS_PROBE; // its own children are not probed
if (path) {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  const delay = monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  const held = heldLoop();
  const asking = new Set(); // connections to the probe itself: the one before may not be closed yet
  const server = createServer((socket) => {
    asking.add(socket.on('error', () => {}).on('close', () => asking.delete(socket)));
    let tries = 0;
    const answerAlone = () => {
      if (asking.size > 1 && (tries += 1) < 10_000) setImmediate(answerAlone);
      else answer(socket);
    };
    answerAlone();
  });
  function answer(socket) {
    const loop = { maxMs: delay.max / 1e6, p99Ms: delay.percentile(99) / 1e6, heldMs: held.maxMs() };
    for (let i = 0; i < 3; i += 1) collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    const resources = {};
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
    const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
    const descriptors = readdirSync('/proc/self/fd').length;
    delay.reset(); // the collection above is ours
    held.reset();
    socket.end(
      JSON.stringify({ descriptors, heapBytes: heapUsed + external, rssBytes: rss, resources, listeners, loop }),
    );
  }
  server.listen(path);
  server.unref();
}

/** The most processor time that this thread took between two turns of its loop: other processes' time is not in it. */
function heldLoop() {
  const schedstat = openSync('/proc/self/schedstat');
  const buffer = Buffer.alloc(64);
  const spentNs = () => Number(buffer.toString('latin1', 0, readSync(schedstat, buffer, 0, 64, 0)).split(' ')[0]);
  let [lastNs, maxNs] = [spentNs(), 0];
  const look = () => {
    const nowNs = spentNs();
    maxNs = Math.max(maxNs, nowNs - lastNs);
    lastNs = nowNs;
  };
  setInterval(look, 2).unref();
  return {
    maxMs() {
      look();
      return maxNs / 1e6;
    },
    reset() {
      [lastNs, maxNs] = [spentNs(), 0];
    },
  };
}
