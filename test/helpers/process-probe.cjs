/**
 * Loaded into a node under test by `--require` (process-figures.ts): answers each connection to a Unix socket with what
 * the process holds right now, after a full garbage collection. The socket and its timer do not keep the process alive.
 */
const { readdirSync } = require('node:fs');
const { createServer } = require('node:net');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const v8 = require('node:v8');
const vm = require('node:vm');

const path = process.env.PROCESS_PROBE;
delete process.env.PROCESS_PROBE; // its own children are not probed
if (path) {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  const delay = monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const loop = { maxMs: delay.max / 1e6, p99Ms: delay.percentile(99) / 1e6 };
    for (let i = 0; i < 3; i += 1) collect();
    const { heapUsed, external, rss } = process.memoryUsage();
    const resources = {};
    for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
    const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
    const descriptors = readdirSync('/proc/self/fd').length;
    delay.reset(); // the collection above is ours
    socket.end(
      JSON.stringify({ descriptors, heapBytes: heapUsed + external, rssBytes: rss, resources, listeners, loop }),
    );
  });
  server.listen(path);
  server.unref();
}
