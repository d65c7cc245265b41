import { argumentsOf, isId } from './ids';

/** What `watch.instanceStatus` tells of a Rocket.Chat instance (contract 4.1). */
export type InstanceNews =
  | { readonly kind: 'gone'; readonly id: string }
  /** `connections` is absent where the event tells only that the instance lives. */
  | { readonly kind: 'alive'; readonly id: string; readonly connections: number | undefined };

/** The flattened key under which an instance document's connection count changes. */
const CONNECTIONS_KEY = 'extraInformation.conns';

/** Reads the event's args array. Anything that is not as the contract says is no news. */
export function instanceNews(payload: unknown): InstanceNews | undefined {
  const [event] = argumentsOf(payload);
  if (!isRecord(event) || !isId(event.id)) return undefined;
  if (event.clientAction === 'removed') return { kind: 'gone', id: event.id };
  const { diff } = event;
  const told = isRecord(diff) && Object.hasOwn(diff, CONNECTIONS_KEY) ? diff[CONNECTIONS_KEY] : undefined;
  const counts = typeof told === 'number' && Number.isFinite(told) && told >= 0;
  return { kind: 'alive', id: event.id, connections: counts ? told : undefined };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
