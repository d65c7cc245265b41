import { Errors, type Context, type Service, type ServiceSchema } from 'moleculer';
import { MeteorError } from '../lib/errors';

export interface CoreLinkService extends Service {
  tellBroadcastEnabled(): Promise<void>;
  refuseDisabled(ctx: Context, uid: string): Promise<void>;
  broadcastEnabled: boolean;
}

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
          const there = this.broker.registry
            .getServiceList({ onlyAvailable: true })
            .some(({ name }) => name === 'settings');
          const appeared = there && !settingsThere;
          settingsThere = there;
          if (appeared && this.broadcastEnabled) await this.tellBroadcastEnabled();
        },
      },
    },
    methods: {
      /** Sets the setting by which core and clients know that broadcasting is on (contract 2.2). Never fails. */
      async tellBroadcastEnabled(this: CoreLinkService) {
        try {
          await this.broker.call('settings.set', [BROADCAST_SETTING, false]);
        } catch (error) {
          if (!isAbsent(error)) this.logger.warn(`setting ${BROADCAST_SETTING} could not be set`, error);
        }
      },
      /**
       * Asks core whether an administrator has disabled this user's presence, where core knows such a
       * thing. An answer that fails is no permission: the error goes to the caller.
       *
       * @throws MeteorError error-presence-disabled
       */
      async refuseDisabled(this: CoreLinkService, ctx: Context, uid: string) {
        let disabled: unknown = false;
        try {
          disabled = await ctx.call('status-visibility.isPresenceDisabledFor', [uid]);
        } catch (error) {
          if (!isAbsent(error)) throw error;
        }
        if (disabled) {
          throw new MeteorError('error-presence-disabled', 'Presence is disabled for this user', {
            method: 'setStatus',
          });
        }
      },
    },
  };
}

/** No node on the bus offers the action. */
function isAbsent(error: unknown): boolean {
  return error instanceof Errors.ServiceNotFoundError || error instanceof Errors.ServiceNotAvailableError;
}
