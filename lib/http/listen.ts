import type http from 'node:http';

/** @throws Error in words for an operator where the port is taken */
export function listen(server: http.Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`PORT ${port} on ${host} is in use; set PORT to another`) : error);
    });
    server.listen(port, host, () => resolve());
  });
}

/** Ends all connections, also those on which somebody waits for nothing. */
export function close(server: http.Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
