import { formatWithOptions, inspect } from 'node:util';
import type { BrokerOptions } from 'moleculer';
import type { LogFn, LoggerOptions } from 'pino';
import pretty from 'pino-pretty';

/** What Moleculer tells of the order in which services start: for people at a terminal, noise in a log. */
const WAITING = /^(Waiting for service\(s\)|Service\(s\) .* are available\.)/;
/** What main.ts tells in a line of its own, with the reason. */
const NOT_STARTED = 'Unable to start all services.';
const MOST_CAUSES = 5;
const PLACEHOLDER = /%[sdifjoOc]/;

/** What a log shows of an error. Nothing else that hangs on it: Moleculer's errors hold the arguments of the call. */
interface LoggedError {
  readonly type: string;
  readonly code?: unknown;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** JSON lines for machines, readable lines on a terminal. Called by moleculer.config.ts. */
export function loggerOptions(isTerminal: boolean): BrokerOptions['logger'] {
  const destination = isTerminal ? pretty({ ignore: 'pid,hostname,nodeID,ns,svc' }) : undefined;
  return { type: 'Pino', options: { pino: { options: pinoOptions(isTerminal), destination } } };
}

export function pinoOptions(isTerminal: boolean): LoggerOptions {
  return {
    base: undefined,
    serializers: { err: loggedError },
    hooks: {
      /** Moleculer gives a text first and its error after it, which pino alone would drop. */
      logMethod(args, method) {
        const [first, ...rest] = args as unknown[];
        if (first === NOT_STARTED || (!isTerminal && typeof first === 'string' && WAITING.test(first))) return;
        method.apply(this, argumentsOf(first, rest));
      },
    },
  };
}

/** As pino takes them: the error as `err`, then one text with all that follows. */
function argumentsOf(first: unknown, rest: readonly unknown[]): Parameters<LogFn> {
  if (first instanceof Error) return [{ err: first }, textOf(first.message, rest)];
  if (typeof first !== 'string') return [first, ...(rest as [string?, ...unknown[]])];
  const error = rest.find((one) => one instanceof Error);
  const others = rest.filter((one) => one !== error);
  const text = textOf(first, others);
  return error === undefined ? [{}, text] : [{ err: error }, text];
}

/** Placeholders are filled as pino does; what has none follows in the same line. */
function textOf(text: string, rest: readonly unknown[]): string {
  if (rest.length === 0) return text;
  if (PLACEHOLDER.test(text)) return formatWithOptions({ depth: 2 }, text, ...rest);
  return [
    text,
    ...rest.map((one) => (typeof one === 'string' ? one : inspect(one, { depth: 2, breakLength: Infinity }))),
  ].join(' ');
}

/** @param depth how many causes are shown already */
function loggedError(thrown: unknown, depth = 0): LoggedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: inspect(thrown, { depth: 1 }) };
  const { name, message, stack, cause } = thrown;
  const { type, code } = thrown as { type?: unknown; code?: unknown };
  return {
    type: typeof type === 'string' && type ? type : name,
    ...(code === undefined || code === type ? {} : { code }),
    message,
    stack,
    ...(cause === undefined || depth >= MOST_CAUSES ? {} : { cause: loggedError(cause, depth + 1) }),
  };
}
