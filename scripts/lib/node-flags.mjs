/**
 * What Node.js is started with, here, in the Dockerfile and in the bench. Traces name the sources. Long answers make
 * short-lived garbage, and a collection of it stands in the way of the calls behind it: with 64 MB of room there are a
 * quarter as many, and less of it is taken for something that lives. The room is that large from the start, or V8 makes
 * it small again and again; then buffers pile up until it collects everything, which takes several times as long.
 */
export const NODE_FLAGS = ['--enable-source-maps', '--min-semi-space-size=64', '--max-semi-space-size=64'];
