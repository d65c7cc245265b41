import type { Context, Service, ServiceSchema } from 'moleculer';
import { MeteorError } from '../lib/wire/errors';

export interface CoreLinkService extends Service {
  tellBroadcastEnabled(): Promise<void>;
  refuseDisabled(ctx: Context, uid: string): Promise<void>;
  broadcastEnabled: boolean;
  /** Whether this replica speaks for all of them. */
  isLeader(): boolean;
}

const SET_SETTING = 'settings.set';
const IS_DISABLED = 'status-visibility.isPresenceDisabledFor';
const BROADCAST_SETTING = 'Presence_broadcast_disabled';

/**
 * What this node asks of Rocket.Chat's core, all of it optional: the node starts and serves whether or
 * not `settings` and `status-visibility` are on the bus (contract 1.7, 2.1, 2.2).
 */
export function coreLinkMixin(): Partial<ServiceSchema> {
  let settingsThere = false;

  return {
    events: {
      /** Core may come after this node; each time its settings appear they are told. */
      '$services.changed': {
        context: true,
        async handler(this: CoreLinkService) {
          const there = isOffered(this, SET_SETTING);
          const appeared = there && !settingsThere;
          settingsThere = there;
          if (appeared && this.isLeader() && this.broadcastEnabled) await this.tellBroadcastEnabled();
        },
      },
    },
    methods: {
      /** Sets the setting by which core and clients know that broadcasting is on (contract 2.2). Never fails. */
      async tellBroadcastEnabled(this: CoreLinkService) {
        if (!isOffered(this, SET_SETTING)) return;
        try {
          await this.broker.call(SET_SETTING, [BROADCAST_SETTING, false]);
        } catch (error) {
          this.logger.warn(`setting ${BROADCAST_SETTING} could not be set`, error);
        }
      },
      /**
       * Asks core whether an administrator has disabled this user's presence, where core knows such a
       * thing. An answer that fails is no permission: the error goes to the caller.
       *
       * @throws MeteorError error-presence-disabled
       */
      async refuseDisabled(this: CoreLinkService, ctx: Context, uid: string) {
        if (!isOffered(this, IS_DISABLED)) return;
        if (await ctx.call<unknown, unknown>(IS_DISABLED, [uid])) {
          throw new MeteorError('error-presence-disabled', 'Presence is disabled for this user', {
            method: 'setStatus',
          });
        }
      },
    },
  };
}

/** Some node on the bus offers the action now. Asked first, for the broker warns of every call that finds none. */
function isOffered(service: Service, action: string): boolean {
  return service.broker.registry.actions.isAvailable(action);
}
