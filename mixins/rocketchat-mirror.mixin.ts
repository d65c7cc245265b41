import type { Context, ServiceSchema } from 'moleculer';
import { MIRRORED_INSTANCE, type ShownThere } from '../domain/mirror';
import type { Claim } from '../domain/types';
import { claimOf, MAX_BATCH_ITEMS } from '../lib/wire/contract';
import type { Config } from '../lib/config/env';
import { Mirror, type MirrorState } from '../lib/mirror/mirror';
import type { OwnSide } from '../lib/mirror/own-side';
import type { RocketChatLink } from '../lib/rocketchat/link';
import { userPages } from '../lib/store/user-pages';
import type { BesideService } from './beside-presence.mixin';
import { CHANGED } from './change-hook';
import { turnMixin } from './turn.mixin';

export interface MirroringService extends BesideService {
  readonly link: RocketChatLink | undefined;
  /** Absent where this replica does not compare. */
  mirrorState(): MirrorState | undefined;
}

const SLICE = 500;

/**
 * On a database of this service's own: presence here and in Rocket.Chat are kept the same by its REST API, or, where both are on one bus,
 * what that lost is put right. One replica does it.
 */
export function rocketChatMirrorMixin(config: Config): Partial<ServiceSchema> {
  let mirror: Mirror | undefined;
  let hasLetGo = false;

  const begin = (service: MirroringService) => {
    if (service.link && !mirror) {
      mirror = mirrorOf(service, config);
      mirror.begin();
    }
    if (service.link || hasLetGo) return;
    hasLetGo = true;
    // Of an account there was before: nobody would ever end these.
    const warn = (error: unknown) => service.logger.warn('connections of Rocket.Chat could not be ended', error);
    service.presence().desk.dropInstance(MIRRORED_INSTANCE).catch(warn);
  };

  return {
    mixins: [
      turnMixin<MirroringService>({
        name: 'seeing to who compares presence with Rocket.Chat',
        isOurs: (service) => service.presence().store.createsUsers && service.presence().tends(),
        begin,
        end: async () => {
          const ended = mirror;
          mirror = undefined;
          await ended?.end();
        },
      }),
    ] as Partial<ServiceSchema>[],
    methods: {
      mirrorState: () => mirror?.state,
    },
    events: {
      [CHANGED]: {
        context: true,
        handler(this: MirroringService, ctx: Context<readonly string[]>) {
          mirror?.changed(ctx.params);
        },
      },
    },
  };
}

function mirrorOf(service: MirroringService, config: Config): Mirror {
  const { logger, link } = service;
  const carrier = config.ROCKETCHAT_SYNC ?? (config.TRANSPORTER ? 'bus' : 'rest');
  return new Mirror({
    link: link!,
    side: sideOf(service),
    notes: service.presence().store.notes,
    withinMs: config.SYNC_INTERVAL,
    carries: carrier === 'rest',
    decides: service.presence().role === 'owner',
    warn: (message) => logger.warn(message),
  });
}

function sideOf(service: MirroringService): OwnSide {
  const { store, desk, clock } = service.presence();
  return {
    clock,
    usersOf: (uids) => store.usersOf(uids),
    changedSince: (sinceMs) => userPages(store, { sinceMs }, SLICE),
    async identify(users) {
      const items = users.map(identityOf);
      for (let first = 0; first < items.length; first += MAX_BATCH_ITEMS) {
        await service.broker.call('presence.upsertUsers', [items.slice(first, first + MAX_BATCH_ITEMS)]);
      }
    },
    connected: () => store.ownersOfInstance(MIRRORED_INSTANCE),
    async setConnection(uid, status) {
      const session = `${MIRRORED_INSTANCE}/${uid}`;
      if (!status) {
        // Ended as those of a lost node are: the next login is told after this, and nothing may keep it out.
        await desk.session(uid, { kind: 'dropInstance', instanceId: MIRRORED_INSTANCE }, 'background');
        return;
      }
      await desk.session(uid, { kind: 'connect', session, instanceId: MIRRORED_INSTANCE }, 'background');
      await desk.session(uid, { kind: 'sessionStatus', session, status }, 'background');
    },
    async claim(uid, claim: Claim | undefined) {
      const request = claim && ({ kind: 'setActive', claim: claimOf(claim, clock()) } as const);
      await desk.claim(uid, request ?? { kind: 'clearActive' });
    },
  };
}

/** Rocket.Chat writes null where somebody has no name. */
function identityOf({ _id, username, name }: ShownThere): object {
  return { _id, ...(username && { username }), ...(name && { name }) };
}
