import { Errors } from 'moleculer';

/**
 * Every error a caller can get, by its stable code (sent as Moleculer's `type`). Callers compare codes,
 * never texts; a retired code is never used again. docs/API.md lists the same, a test compares.
 */
export const ERROR_CODES = {
  INVALID_ARGUMENT: { status: 422, retryable: false },
  EXPIRY_NOT_IN_FUTURE: { status: 422, retryable: false },
  USERS_NOT_OURS: { status: 403, retryable: false },
  NOT_OWNER: { status: 403, retryable: false },
  HISTORY_OFF: { status: 409, retryable: false },
  UNKNOWN_USER: { status: 404, retryable: false },
  TOO_MANY_SCHEDULES: { status: 409, retryable: false },
  UNKNOWN_CALLBACK: { status: 404, retryable: false },
  TARGET_REFUSED: { status: 422, retryable: false },
  TOO_MANY_CALLBACKS: { status: 409, retryable: false },
  BUSY: { status: 503, retryable: true },
  STOPPING: { status: 503, retryable: true },
  CONFLICT: { status: 503, retryable: true },
  STORE_UNAVAILABLE: { status: 503, retryable: true },
  KEEPER_UNAVAILABLE: { status: 503, retryable: true },
  TOO_LARGE: { status: 413, retryable: false },
  NOT_CONFIGURED: { status: 409, retryable: false },
  ROCKETCHAT_REFUSED: { status: 422, retryable: false },
  ROCKETCHAT_UNAVAILABLE: { status: 503, retryable: true },
  // Over HTTP alone (docs/HTTP.md).
  MALFORMED_REQUEST: { status: 400, retryable: false },
  MALFORMED_JSON: { status: 400, retryable: false },
  UNAUTHENTICATED: { status: 401, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  ORIGIN_NOT_ALLOWED: { status: 403, retryable: false },
  PRESENCE_DISABLED: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  REQUEST_TOO_SLOW: { status: 408, retryable: true },
  METRICS_OFF: { status: 409, retryable: false },
  BODY_TOO_LARGE: { status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false },
  EXPECTATION_FAILED: { status: 417, retryable: false },
  RATE_LIMITED: { status: 429, retryable: true },
  HEADERS_TOO_LARGE: { status: 431, retryable: false },
  INTERNAL: { status: 500, retryable: false },
  UNAVAILABLE: { status: 503, retryable: true },
  AUTH_UNAVAILABLE: { status: 503, retryable: true },
  TIMEOUT: { status: 503, retryable: true },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a stable code, made to cross the bus: `type` is the code, `code` an HTTP-like number. */
export class PresenceError extends Errors.MoleculerError {
  constructor(code: ErrorCode, message: string, data?: Record<string, unknown>) {
    super(message, ERROR_CODES[code].status, code, data);
    this.name = 'PresenceError';
    this.retryable = ERROR_CODES[code].retryable;
  }
}

/** An argument that cannot be accepted. @param field its name, e.g. `claim.statusExpiresAt` */
export function invalidArgument(field: string, reason: string): PresenceError {
  return new PresenceError('INVALID_ARGUMENT', `${field}: ${reason}`, { field, reason });
}

/** Upstream's text, to the byte (contract 2.1, setActiveState). */
export function expiryNotInFuture(): PresenceError {
  return new PresenceError('EXPIRY_NOT_IN_FUTURE', 'statusExpiresAt must be a future date', {
    field: 'statusExpiresAt',
  });
}

/**
 * An error in the shape Rocket.Chat throws and rebuilds (contract 1.6): `message` is the reason and the
 * code in square brackets. Which fields cross the bus is the regenerator's matter (lib/wire/error-wire.ts).
 */
export class MeteorError extends Error {
  readonly errorType = 'Meteor.Error';
  readonly isClientSafe = true;
  /** Moleculer's `type` carries the code too, for Rocket.Chat's own field `error` is not sent (W32). */
  readonly type: string;

  constructor(
    readonly error: string,
    readonly reason: string,
    readonly details?: unknown,
  ) {
    super(`${reason} [${error}]`);
    this.type = error;
  }
}

/** Whatever was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
