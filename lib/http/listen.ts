import type http from 'node:http';

/** Where a server listens, and which variable says so. */
export interface Place {
  readonly variable: 'PORT' | 'HEALTH_CHECK_PORT' | 'MS_METRICS_PORT';
  readonly port: number;
  readonly host: string;
}

const NO_SUCH_ADDRESS = ['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'];

/** @throws Error that names the variable where the port is taken or forbidden, or the address is none of this machine */
export function listen(server: http.Server, place: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, place)));
    server.listen(place.port, place.host, () => resolve());
  });
}

function listenError(error: NodeJS.ErrnoException, { variable, port, host }: Place): Error {
  const { code = '' } = error;
  if (code === 'EADDRINUSE') return new Error(`${variable} ${port} on ${host} is in use; set ${variable} to another`);
  if (code === 'EACCES') return new Error(`${variable} ${port} on ${host} needs rights that this process has not`);
  if (NO_SUCH_ADDRESS.includes(code)) return new Error(`HOST ${host} is no address of this machine (${code})`);
  return new Error(`${variable} ${port} on ${host}: ${error.message}`);
}

/** Ends all connections, also those on which somebody waits for nothing. */
export function close(server: http.Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
