/**
 * What Node.js is started with, here, in the Dockerfile and in the bench (decisions/0015). Traces name the sources. The
 * others keep collections of garbage short, for they stand in the way of the calls behind them (a read of 1,000 over NATS
 * took 12 to 26 ms at p99 without them and takes 8 to 9):
 *
 * - Room for short-lived objects: with 64 MB there are a quarter as many collections, and less is taken for something that
 *   lives. It is there from the start, or V8 makes it small again and again.
 * - What is short-lived stays there: after a start with thousands of calls in flight V8 takes what a call is made of for
 *   something that lives, puts it beside what does, and keeps all that hangs on it, the answer with it.
 * - Everything is collected when there is three times what lived after the last time. Left to itself V8 does so a few
 *   megabytes later, and takes the buffers of answers for part of these: up to five times a second.
 */
export const NODE_FLAGS = [
  '--enable-source-maps',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--no-allocation-site-pretenuring',
  '--heap-growing-percent=200',
];
