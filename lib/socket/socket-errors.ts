/** What a client is told in an `error` frame, by its stable code; docs/WEBSOCKET.md lists the same, a test compares. */
export const SOCKET_ERRORS = {
  BAD_FRAME: 'not a JSON object with an op',
  UNKNOWN_OP: 'there is no such op',
  INVALID_ARGUMENT: 'an argument is missing or wrong',
  TOO_MANY_IDS: 'too many ids in one subscription, or in all of the caller',
  RATE_LIMITED: 'too many connections and subscriptions of the caller, or failed authentications of the address',
  UNAUTHENTICATED: 'nobody has that token, or none was given',
  ALREADY_AUTHENTICATED: 'this connection is somebody’s already',
  AUTH_UNAVAILABLE: 'it cannot be found out now who that is',
  STORE_UNAVAILABLE: 'presence cannot be read now; the snapshot comes when it can',
} as const;

export type SocketErrorCode = keyof typeof SOCKET_ERRORS;

/** A frame that cannot be followed; the connection lives on. */
export class SocketError extends Error {
  /** @param id of the subscription that was asked for, if it was given */
  constructor(
    readonly code: SocketErrorCode,
    detail: string = SOCKET_ERRORS[code],
    readonly id?: string,
  ) {
    super(detail);
    this.name = 'SocketError';
  }
}

/** Why a connection is closed, by WebSocket's numbers (RFC 6455 7.4) and, from 4000 on, ours. */
export const CLOSE = {
  stopping: { code: 1001, reason: 'the node is stopping' },
  tooFast: { code: 1008, reason: 'too many frames' },
  full: { code: 1013, reason: 'too many clients, try again later' },
  callerFull: { code: 1013, reason: 'too many connections of this caller, try again later' },
  crowded: { code: 1013, reason: 'too many connections that are not authenticated, try again later' },
  rateLimited: { code: 1013, reason: 'too many connections or failed authentications, try again later' },
  authUnavailable: { code: 1013, reason: 'authentication is not available, try again later' },
  unauthenticated: { code: 4401, reason: 'not authenticated' },
} as const;
export type Closing = (typeof CLOSE)[keyof typeof CLOSE];
/** Why a connection has to go: what it is told, and how it is closed. */
export interface SocketRefusal {
  readonly error?: SocketError;
  readonly close: Closing;
}
