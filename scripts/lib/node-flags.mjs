/**
 * What Node.js is started with, here, in the Dockerfile and in the bench. Traces name the sources. Long answers make
 * short-lived garbage, and a collection of it stands in the way of the calls behind it: with 64 MB of room there are a
 * quarter as many, and less of it is taken for something that lives.
 */
export const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=64'];
