// Kinds of values that a variable may have; each says what it wants, never what it got.
import { EnvError, makeValidator } from 'envalid';
import { parseTokens, type ApiToken } from '../http/tokens';

export const port = whole('port', 1, 65_535);
export const count = whole('count', 1, 1_000_000);
export const seconds = whole('seconds', 1, 86_400);
export const milliseconds = whole('milliseconds', 1, 86_400_000);
export const factor = numberBetween(1, 100);
export const text = makeValidator<string>((value) => value);
export const name = matching(/^[\w.:-]{1,100}$/, 'letters, digits and . _ : - (at most 100)');
export const level = choice(['debug', 'info', 'warn', 'error'] as const);
export const strategy = choice(['RoundRobin', 'Random', 'CpuUsage', 'Latency'] as const);
export const carrier = choice(['rest', 'bus'] as const);
export const role = choice(['owner', 'observer'] as const);
export const mongoUrl = matching(
  /^mongodb(\+srv)?:\/\/[^/\s]+\/[^/?\s]+(\?\S*)?$/,
  'mongodb://host:port/database, with the name of the database',
);
export const transporter = matching(
  /^(nats|tls|tcp|redis|mqtt|amqp):\/\/\S+$|^TCP$/i,
  'a URL such as nats://host:4222, or TCP',
);
/** The package that each of Moleculer's serializers is made with; EJSON is ours. */
const SERIALIZERS: Readonly<Record<string, string | undefined>> = {
  EJSON: undefined,
  JSON: undefined,
  Avro: 'avsc',
  MsgPack: 'msgpack5',
  ProtoBuf: 'protobufjs',
  Thrift: 'thrift',
  Notepack: 'notepack.io',
  CBOR: 'cbor-x',
};
/** By its name in any case, as Moleculer takes it, which would end the process with a stack for what it cannot make. */
export const serializer = makeValidator<string>((value) => {
  const known = Object.keys(SERIALIZERS);
  const found = known.find((one) => one.toLowerCase() === value.toLowerCase());
  if (found === undefined) throw new EnvError(`must be one of ${known.join(', ')}`);
  const needed = SERIALIZERS[found];
  if (needed === undefined || isInstalled(needed)) return found;
  throw new EnvError(`needs the package ${needed}, which is not installed`);
});
export const httpUrl = matching(/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/, 'a URL such as https://chat.example.org');
export const size = matching(/^\d{1,9}(kb|mb)?$/, 'a size such as 500kb or 1mb');
export const tokens = makeValidator<readonly ApiToken[]>((value) => {
  const parsed = parseTokens(value);
  if (parsed) return parsed;
  throw new EnvError(
    'must be name:read|write|admin:token, separated by commas, each token once and of 16 characters or more',
  );
});
export const origins = makeValidator<readonly string[]>((value) => {
  const list = value.split(',').map((origin) => origin.trim());
  if (list.every((origin) => /^(\*|https?:\/\/[^\s/?#@*]+)$/.test(origin))) return list;
  throw new EnvError('must be origins such as https://app.example.org, separated by commas, or *');
});
export const redis = matching(/^rediss?:\/\/\S+$/, 'a URL such as redis://host:6379');
/** What is neither is refused: a value that is silently false is found out by what is missing, weeks later. */
export const boolean = makeValidator<boolean>((value) => {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new EnvError('must be true or false');
});
/**
 * Rocket.Chat's own nodes take exactly `true` as true and, for BALANCE_PREFER_LOCAL, all but `false` (contract 1.2, W34: its
 * chart sets RETRY_ENABLED=yes). The same environment must mean the same here: anything else is told by a warning.
 */
export const onlyTrue = makeValidator<boolean>((value) => value === 'true');
export const allButFalse = makeValidator<boolean>((value) => value !== 'false');

function isInstalled(packageName: string): boolean {
  try {
    require.resolve(packageName);
    return true;
  } catch {
    return false;
  }
}

export function whole(unit: string, min: number, max: number) {
  return makeValidator<number>((value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    throw new EnvError(`must be a whole number from ${min} to ${max} (${unit})`);
  });
}

function numberBetween(min: number, max: number) {
  return makeValidator<number>((value) => {
    const number = Number(value);
    if (number >= min && number <= max) return number;
    throw new EnvError(`must be a number from ${min} to ${max}`);
  });
}

function choice<T extends string>(allowed: readonly T[]) {
  return makeValidator<T>((value) => {
    const found = allowed.find((one) => one === value);
    if (found) return found;
    throw new EnvError(`must be one of ${allowed.join(', ')}`);
  });
}

function matching(pattern: RegExp, what: string) {
  return makeValidator<string>((value) => {
    if (pattern.test(value)) return value;
    throw new EnvError(`must be ${what}`);
  });
}
