import { MAX_ID } from './ids';

/** Why a packet is dropped; the label `reason` of `presence.bus.dropped.total`. */
export const DROP_REASONS = [
  /** Neither JSON (or what SERIALIZER says) nor an object. */
  'unreadable',
  /** Another version of Moleculer's protocol. */
  'version',
  /** A field is not what Moleculer sends. */
  'malformed',
  /** A stream: no action takes or answers one. */
  'stream',
  /** An event that Moleculer raises inside a process; over the bus it is forged. */
  'internal_event',
  /** The name of this very node as the sender. */
  'own_name',
  /** An action that is not there for other nodes. */
  'not_callable',
  /** An answer of another node than the one that was asked, or a sign of life of an unknown node. */
  'unasked',
  /** More nodes, or more said of nodes, than are kept. */
  'too_many',
  /** A DISCONNECT, or another process, in the name of a node that still answers. */
  'still_alive',
  /** A part of a large packet that does not fit what came before. */
  'part',
  /** An event whose content cannot be what it says. */
  'content',
  /** Carrying it out failed. */
  'failed',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** Moleculer 0.14's. */
const PROTOCOL_VERSION = '4';
const MAX_GROUPS = 100;
const MAX_SERVICES = 500;
const MAX_NAMES = 5_000;
const MAX_PATTERN_STARS = 4;

type Check = (value: unknown) => boolean;
type Fields = Readonly<Record<string, Check>>;

const isAbsent: Check = (value) => value === undefined || value === null;
const isText: Check = (value) => typeof value === 'string' && value.length <= MAX_ID;
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isFlag: Check = (value) => typeof value === 'boolean';
const maybe =
  (check: Check): Check =>
  (value) =>
    isAbsent(value) || check(value);
const isName: Check = (value) => isText(value) && value !== '';
/** It becomes part of a NATS subject: whitespace would end the subject, and begin a command. */
const isNodeId: Check = (value) => isName(value) && !/[\s\p{Cc}*>]/u.test(value as string);
const isGroups: Check = (value) => Array.isArray(value) && value.length <= MAX_GROUPS && value.every(isName);
const isAnything: Check = () => true;

/** An object of its own members alone: EJSON makes an own `__proto__` of the text the prototype. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (Object.hasOwn(value, '__proto__')) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const OF_CONTEXT: Fields = {
  meta: maybe(isPlain),
  level: maybe(isNumber),
  tracing: maybe(isFlag),
  parentID: maybe(isText),
  requestID: maybe(isText),
  caller: maybe(isText),
};

/** What Moleculer reads of each packet before any of our code does. */
const FIELDS: Readonly<Record<string, Fields>> = {
  REQ: { ...OF_CONTEXT, id: isName, action: isName, timeout: maybe(isNumber) },
  RES: { id: isName, meta: maybe(isPlain), success: isFlag, error: maybe(isPlain) },
  EVENT: { ...OF_CONTEXT, id: maybe(isText), event: isName, groups: maybe(isGroups), broadcast: maybe(isFlag) },
  DISCOVER: {},
  INFO: {
    services: isServices,
    instanceID: isName,
    seq: maybe(isNumber),
    hostname: maybe(isText),
    ipList: maybe(isAnything),
    client: maybe(isPlain),
    config: maybe(isPlain),
    metadata: maybe(isPlain),
  },
  DISCONNECT: {},
  HEARTBEAT: { cpu: maybe(isNumber), seq: maybe(isNumber), instanceID: maybe(isText) },
  PING: { id: maybe(isText), time: maybe(isNumber) },
  PONG: { id: maybe(isText), time: isNumber, arrived: isNumber },
};

/**
 * What is wrong with a packet of the bus; undefined where Moleculer can read it. Arguments of actions and contents of events are
 * for whoever takes them to check. Pure.
 */
export function faultOf(command: string, payload: unknown): DropReason | undefined {
  if (!isPlain(payload) || !Object.hasOwn(payload, 'ver')) return 'unreadable';
  if (payload.ver !== PROTOCOL_VERSION) return 'version';
  const fields = FIELDS[command];
  if (!fields || !isNodeId(payload.sender)) return 'malformed';
  for (const name in fields) if (!fields[name]!(payload[name])) return 'malformed';
  if (command === 'RES' && payload.success === false && !isPlain(payload.error)) return 'malformed';
  if ((command === 'REQ' || command === 'RES') && isStream(payload)) return 'stream';
  return command === 'EVENT' && (payload.event as string).startsWith('$') ? 'internal_event' : undefined;
}

/** Of a call that is none Moleculer sends `stream` as false, or as the argument where that is falsy. */
function isStream({ stream, seq }: Readonly<Record<string, unknown>>): boolean {
  return Boolean(stream) || !isAbsent(seq);
}

function isServices(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > MAX_SERVICES) return false;
  let names = 0;
  for (const service of value as unknown[]) {
    if (!isPlain(service) || !isName(service.name) || !maybe(isName)(service.fullName)) return false;
    if (!maybe(isPlain)(service.metadata) || !maybe(isVersion)(service.version)) return false;
    if (!maybe(isActions)(service.actions) || !maybe(isEvents)(service.events)) return false;
    names += Object.keys(service.actions ?? {}).length + Object.keys(service.events ?? {}).length;
  }
  return names <= MAX_NAMES;
}

const isVersion: Check = (value) => isText(value) || isNumber(value);
const isActions: Check = (value) => isPlain(value) && Object.values(value).every(isNamed);
const isEvents: Check = (value) =>
  isPlain(value) && Object.values(value).every((event) => isNamed(event) && isSimple(event));

function isNamed(value: unknown): value is { readonly name: string; readonly group?: unknown } {
  return isPlain(value) && isName(value.name) && maybe(isName)(value.group);
}

/** Of the name of an event with wildcards Moleculer makes a regular expression, which each event sent is matched with. */
function isSimple({ name }: { readonly name: string }): boolean {
  return name.split('*').length - 1 <= MAX_PATTERN_STARS;
}

/** Patterns for which Moleculer keeps a regular expression for ever. */
export function keepsExpression(name: string): boolean {
  return name.includes('?') || /\*(?!\*?$)/.test(name);
}
