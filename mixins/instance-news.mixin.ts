import type { Context, Service, ServiceSchema } from 'moleculer';
import { MIRRORED_INSTANCE } from '../domain/mirror';
import { availableNodes } from '../lib/replicas/nodes';
import { Gathered } from '../lib/wire/gathered';
import { instanceNews, type InstanceNews } from '../lib/wire/instance-event';
import { dropsOf } from '../lib/wire/packet-drops';
import type { LivenessService } from './liveness.mixin';

interface NewsService extends LivenessService {
  instanceNews: Gathered<InstanceNews>;
}

/** Instances that are told of at once, and whose sessions are about to be ended: more than a Rocket.Chat has. */
const MAX_INSTANCES = 1_000;
/** The store forgets a count that is not told again. */
const KNOWN_FOR_MS = 5 * 60_000;

/** What `watch.instanceStatus` tells of Rocket.Chat's instances (contract 4.1): how many connections each has, and which are gone. */
export const instanceNewsMixin: Partial<ServiceSchema> = {
  events: {
    'watch.instanceStatus': {
      context: true,
      handler(this: NewsService, ctx: Context) {
        const news = instanceNews(ctx.params);
        if (!news) dropsOf(this.broker).add('content', ctx.nodeID);
        else if (!this.instanceNews.add(news.id, news)) dropsOf(this.broker).add('too_many', ctx.nodeID);
      },
    },
  },
  created(this: Service) {
    const service = this as NewsService;
    const knownAtMs = new Map<string, number>();
    service.instanceNews = new Gathered<InstanceNews>(
      (latest) => heed(service, [...latest.values()], knownAtMs),
      (error) => service.logger.warn('what is told of instances could not be stored', error),
    );
  },
  async stopped(this: Service) {
    (this as NewsService).instanceNews.stop();
    return Promise.resolve();
  },
};

/** Every replica hears it: the one that leads acts, and the one that takes over from it knows too. */
async function heed(
  service: NewsService,
  told: readonly InstanceNews[],
  knownAtMs: Map<string, number>,
): Promise<void> {
  const alive = availableNodes(service.broker);
  for (const news of told) {
    if (news.kind === 'gone' && !endsSessions(service, news, alive)) continue;
    if (!service.isLeader() || !isKnown(news.id, knownAtMs)) continue;
    if (news.kind === 'alive') await service.store.hearInstance(news.id, news.connections, service.clock());
    else await service.store.forgetInstance(news.id);
  }
}

/** Any node may send it: of a node of the bus the bus itself tells when it goes. @returns whether the instance may be gone */
function endsSessions({ nodeWatch }: NewsService, { id }: InstanceNews, alive: ReadonlySet<string>): boolean {
  if (alive.has(id) || id === MIRRORED_INSTANCE) return false;
  if (nodeWatch.pending.size < MAX_INSTANCES) nodeWatch.left(id, performance.now());
  return true;
}

function isKnown(id: string, knownAtMs: Map<string, number>): boolean {
  const nowMs = performance.now();
  if (!knownAtMs.has(id) && knownAtMs.size >= MAX_INSTANCES) {
    for (const [other, atMs] of knownAtMs) if (nowMs - atMs > KNOWN_FOR_MS) knownAtMs.delete(other);
    if (knownAtMs.size >= MAX_INSTANCES) return false;
  }
  knownAtMs.set(id, nowMs);
  return true;
}
