/**
 * What Node.js is started with, here, in the Dockerfile and in the bench. Traces name the sources. Long answers make
 * short-lived garbage, and a collection of it stands in the way of the calls behind it: with 64 MB of room there are a
 * quarter as many, and less of it is taken for something that lives. The room is that large from the start, or V8 makes
 * it small again and again; then buffers pile up until it collects everything, which takes several times as long. And
 * short-lived objects stay short-lived: after a start with thousands of calls in flight V8 takes what a call is made of
 * for something that lives and puts it beside what does. Of one such object all that hangs on it, the answer with it, was
 * kept until everything was collected: a read of 1,000 took 26 ms at p99 where it takes 7 to 8.
 */
export const NODE_FLAGS = [
  '--enable-source-maps',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--no-allocation-site-pretenuring',
];
