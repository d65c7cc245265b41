import type { ClaimRequest } from './claims';
import type { SessionCommand } from './sessions';
import type { Identity } from './types';

/** All that can be asked about one user; what an action became once its arguments were checked. */
export type Command = { readonly uid: string } & (
  | { readonly kind: 'session'; readonly session: SessionCommand }
  | { readonly kind: 'claim'; readonly claim: ClaimRequest }
  | { readonly kind: 'identify'; readonly identity: Identity }
  /** `outside`: somebody else has written what is shown, so it is told even where it is right. */
  | { readonly kind: 'recompute'; readonly outside?: boolean }
  /** All sessions and claims end, and the user is forgotten. */
  | { readonly kind: 'remove' }
);

/** What became of a command. `known` is false when the user does not exist and may not be created. */
export interface CommandResult {
  readonly known: boolean;
  /** Sessions: something of that id or instance was there. Claims: accepted. Otherwise as `known`. */
  readonly applied: boolean;
  /** The user was created by this batch. */
  readonly created: boolean;
  /** A login or heartbeat: when its session's lease was last written, epoch milliseconds. */
  readonly leaseFromMs?: number;
}

/** Whether a command is a first contact that creates the user in a store of our own (embedded mode). */
export function isFirstContact(command: Command): boolean {
  switch (command.kind) {
    case 'session':
      return command.session.kind === 'connect' || command.session.kind === 'heartbeat';
    case 'claim':
    case 'identify':
      return true;
    case 'recompute':
    case 'remove':
      return false;
  }
}
