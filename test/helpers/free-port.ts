import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range from which systems take the ports of outgoing connections (Linux: 32768 and up). */
const LOWEST = 15_000;
const HIGHEST = 32_000;

/**
 * A port of 127.0.0.1 that nobody listens on now. Not one of the system's choosing: those are also given to outgoing
 * connections, and a client that tries to reach a stopped server there could take its port, or even reach itself.
 * Another process may still be faster: whoever listens on it tries again with the next one.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
