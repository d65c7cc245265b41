import type { Config } from '../config/env';
import type { PresenceStore } from '../store/port';

/** owner: decides presence. observer: Rocket.Chat's core does, and this node writes nothing on its own initiative. */
export type Role = 'owner' | 'observer';

/**
 * Who decides presence here (design invariant 14). A database that Rocket.Chat writes, and no bus to hear its
 * nodes by, means a single Rocket.Chat whose core decides; everything else is ours.
 */
export function roleOf(
  config: Pick<Config, 'PRESENCE_ROLE' | 'TRANSPORTER'>,
  store: Pick<PresenceStore, 'createsUsers'>,
): Role {
  if (config.PRESENCE_ROLE) return config.PRESENCE_ROLE;
  return !store.createsUsers && !config.TRANSPORTER ? 'observer' : 'owner';
}

/** One line for the log: what this node does with presence, and why it may be silent. */
export function describeRole(role: Role, store: Pick<PresenceStore, 'createsUsers' | 'isShared'>): string {
  const where = !store.isShared
    ? 'the embedded store'
    : store.createsUsers
      ? 'a database of its own'
      : "Rocket.Chat's database";
  return role === 'owner'
    ? `role owner: this node decides presence, on ${where}`
    : `role observer: Rocket.Chat's core decides presence; this node keeps and tells what that changes, and writes nothing to users or usersSessions on its own initiative`;
}
