import type { Context, Service, ServiceSchema } from 'moleculer';
import type { Role } from '../lib/replicas/role';
import type { DeclaredStatus } from '../lib/wire/set-status';

interface AccountNeighbour extends Service {
  isConfigured(): boolean;
}

export interface AccountService extends Service {
  readonly role: Role;
  /** Whether a status is set by asking Rocket.Chat: its core decides presence, and this node has an account there. */
  setsThroughRocketChat(): boolean;
  /** @returns true, once Rocket.Chat has taken it or a newer one */
  setThroughRocketChat(ctx: Context, uid: string, declared: DeclaredStatus): Promise<boolean>;
}

/** The service of this very process that has the account (services/rocketchat.service.ts). */
const LINK = 'rocketchat';

/** Where Rocket.Chat's core decides presence it is asked, instead of being written around. */
export const rocketChatAccountMixin: Partial<ServiceSchema> = {
  methods: {
    setsThroughRocketChat(this: AccountService): boolean {
      if (this.role !== 'observer') return false;
      const link = this.broker.getLocalService(LINK) as unknown as AccountNeighbour | undefined;
      return link?.isConfigured() ?? false;
    },
    async setThroughRocketChat(
      this: AccountService,
      ctx: Context,
      uid: string,
      declared: DeclaredStatus,
    ): Promise<boolean> {
      await ctx.call(`${LINK}.setStatus`, { uid, ...declared }, { nodeID: this.broker.nodeID });
      return true;
    },
  },
};
