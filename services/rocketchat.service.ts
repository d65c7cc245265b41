import type { Context, ServiceSchema } from 'moleculer';
import { readConfig, type Config } from '../lib/config/env';
import { RocketChatMetrics } from '../lib/rocketchat/metrics';
import { RocketChatLink, type LinkState } from '../lib/rocketchat/link';
import type { StatusToSet } from '../lib/rocketchat/status-push';
import type { MirrorState } from '../lib/mirror/mirror';
import type { ImportState } from '../lib/rocketchat/user-import';
import { serviceSchema } from '../lib/wire/service-schema';
import { besidePresenceMixin } from '../mixins/beside-presence.mixin';
import { periodicMixin } from '../mixins/periodic.mixin';
import { rocketChatImportMixin, type ImportingService } from '../mixins/rocketchat-import.mixin';
import { rocketChatMirrorMixin, type MirroringService } from '../mixins/rocketchat-mirror.mixin';

interface LinkService extends ImportingService, MirroringService {
  /** Absent without ROCKETCHAT_USERNAME. */
  link: RocketChatLink | undefined;
  metrics: RocketChatMetrics | undefined;
}

const SECOND = 1000;

/** How this node stands with Rocket.Chat; `configured: false` where it has no account there. */
export type LinkStatus =
  | ({ readonly configured: true; readonly users?: ImportState; readonly mirror?: MirrorState } & LinkState)
  | { readonly configured: false };

const SHOW_EVERY_MS = SECOND;

async function show(service: LinkService): Promise<void> {
  if (!service.link) return;
  const { connected: up, waiting } = service.link.state;
  // Of those whom the mirror tells of one at a time is with the link.
  service.metrics?.stands({ up, waiting: Math.max(waiting, service.mirrorState()?.untold ?? 0) });
  return Promise.resolve();
}

const showing = () => periodicMixin<LinkService>({ name: 'showing how it stands', everyMs: SHOW_EVERY_MS, run: show });

/** The service `rocketchat`: what this node does through its account at Rocket.Chat. */
export function rocketChatService(config: Config): ServiceSchema {
  const { ROCKETCHAT_URL: url, ROCKETCHAT_USERNAME: username, ROCKETCHAT_PASSWORD: password } = config;
  return serviceSchema<LinkService>({
    name: 'rocketchat',
    mixins: [besidePresenceMixin, rocketChatImportMixin(), rocketChatMirrorMixin(config), showing()],
    actions: {
      /** How it stands. */
      status: {
        async handler(this: LinkService): Promise<LinkStatus> {
          if (!this.link) return { configured: false };
          const users = await this.userImport?.state();
          const mirror = this.mirrorState();
          return { configured: true, ...this.link.state, ...(users && { users }), ...(mirror && { mirror }) };
        },
      },
      /** Sets a user's status there: for the presence service of this very node, which has decided that it may. */
      setStatus: {
        visibility: 'protected',
        async handler(this: LinkService, ctx: Context<StatusToSet>) {
          // Somebody waits for the answer: with half of his time he still hears why it is not to be.
          await this.link!.setStatus(ctx.params, (config.REQUEST_TIMEOUT * SECOND) / 2);
        },
      },
    },
    methods: {
      /** Whether there is an account by which statuses can be set. */
      isConfigured(this: LinkService): boolean {
        return this.link !== undefined;
      },
    },
    created(this: LinkService) {
      if (!url || !username || !password) return;
      const log = { info: (line: string) => this.logger.info(line), warn: (line: string) => this.logger.warn(line) };
      this.metrics = new RocketChatMetrics(this.broker.metrics);
      this.link = new RocketChatLink({ url, username, password, log });
    },
    async started(this: LinkService) {
      this.link?.start();
      return Promise.resolve();
    },
    async stopped(this: LinkService) {
      await this.link?.stop();
    },
  });
}

/** For the loader: the service as the environment says. */
export default (): ServiceSchema => rocketChatService(readConfig(process.env));
