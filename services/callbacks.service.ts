import { setTimeout as delay } from 'node:timers/promises';
import type { Context, ServiceSchema } from 'moleculer';
import { actionsOf } from '../lib/wire/action';
import { readCallbacks } from '../lib/callbacks/contract';
import { Deliverer } from '../lib/callbacks/delivery';
import { CallbackDesk } from '../lib/callbacks/desk';
import { messageOf } from '../lib/callbacks/message';
import { CallbackMetrics } from '../lib/callbacks/metrics';
import { KNOWN_WITHIN_MS } from '../lib/callbacks/outbox';
import { Poster, type PosterOptions } from '../lib/callbacks/post';
import { read } from '../lib/wire/contract';
import { readConfig, type Config } from '../lib/config/env';
import { Gathered } from '../lib/wire/gathered';
import { argumentsOf, isId } from '../lib/wire/ids';
import type { Draining } from '../lib/http/drain';
import { dropsOf } from '../lib/wire/packet-drops';
import { serviceSchema } from '../lib/wire/service-schema';
import { besidePresenceMixin, type BesideService } from '../mixins/beside-presence.mixin';
import { periodicMixin } from '../mixins/periodic.mixin';

interface CallbacksService extends BesideService, Draining {
  poster: Poster;
  desk: CallbackDesk;
  deliverer: Deliverer;
  metrics: CallbackMetrics;
  /** Told by other replicas. */
  heard: Gathered<true>;
  endListening: (() => void) | undefined;
}

/** Told among replicas that share a store: what is registered has changed. */
export const CALLBACKS_CHANGED = 'presence.callbacks.changed';

/** Replicas know of a callback for KNOWN_WITHIN_MS at least: three looks within it, so that no batch ever looks. */
const READ_EVERY_MS = KNOWN_WITHIN_MS / 3;
/** What other replicas have put into the outbox is seen by looking. */
const LOOK_EVERY_MS = 500;
const TIDY_EVERY_MS = 60_000;
const COUNT_EVERY_MS = 10_000;
const FIRST_COUNT_AFTER_MS = 1000;
/** In the outbox for one callback; then the oldest go. */
const MOST_DELIVERIES = 100_000;
/** What is under way when the node stops has this long. */
const STOP_WITHIN_MS = 2000;
/** And this long until it is written; a store that is away is not waited for before the services stop. */
const WRITTEN_WITHIN_MS = 500;

const action = actionsOf<CallbacksService>();

const actions = {
  /** Registers an address to be called at each change. @returns the callback with its secret, which is shown here only */
  register: action('register', readCallbacks.register, async function (given) {
    return this.desk.register(given);
  }),
  list: action('list', read.nothing, function () {
    return this.desk.list();
  }),
  get: action('get', readCallbacks.id, function ({ id }) {
    return this.desk.get(id);
  }),
  update: action('update', readCallbacks.update, function ({ id, ...fields }) {
    return this.desk.update(id, fields);
  }),
  /** @returns whether there was one */
  remove: action('remove', readCallbacks.id, function ({ id }) {
    return this.desk.remove(id);
  }),
  /** Sends a signed `presence.test` at once. @returns what became of it */
  test: action('test', readCallbacks.id, function ({ id }) {
    return this.desk.test(id);
  }),
  /** @returns the new secret, which is shown here only */
  rotateSecret: action('rotateSecret', readCallbacks.id, function ({ id }) {
    return this.desk.rotateSecret(id);
  }),
  pause: action('pause', readCallbacks.id, function ({ id }) {
    return this.desk.pause(id);
  }),
  resume: action('resume', readCallbacks.id, function ({ id }) {
    return this.desk.resume(id);
  }),
  /** What is on its way to a callback, the oldest change first, a page at a time. */
  deliveries: action('deliveries', readCallbacks.deliveries, function ({ id, ...page }) {
    return this.desk.deliveries(id, page);
  }),
  /** Makes a delivery due again. @returns whether there was one */
  retry: action('retry', readCallbacks.retry, async function ({ id, delivery }) {
    const found = await this.desk.retry(id, delivery);
    if (found) {
      look(this, id);
      if (this.presence().store.isShared) tellReplicas(this, id);
    }
    return found;
  }),
};

/** Sends what is due, in the background. @param id of a callback whose target is not waited for any longer */
function look({ deliverer, logger }: CallbacksService, id?: string): void {
  if (id !== undefined) deliverer.hurry(id);
  deliverer.look().catch((error: unknown) => logger.warn('what is due could not be read', error));
}

function tellReplicas({ broker, logger }: CallbacksService, id: string): void {
  broker
    .broadcast(CALLBACKS_CHANGED, [id])
    .catch((error: unknown) => logger.warn(`${CALLBACKS_CHANGED} could not be sent`, error));
}

/** What is registered has changed here. */
async function changed(service: CallbacksService, id: string): Promise<void> {
  const { store, outbox } = service.presence();
  await outbox.read();
  look(service, id);
  if (store.isShared) tellReplicas(service, id);
}

const events = {
  [CALLBACKS_CHANGED]: {
    context: true,
    handler(this: CallbacksService, ctx: Context) {
      if (ctx.nodeID === this.broker.nodeID || !this.presence().store.isShared) return;
      const [id] = argumentsOf(ctx.params);
      if (isId(id)) this.heard.add(id, true);
      else dropsOf(this.broker).add('content', ctx.nodeID);
    },
  },
};

/** Another replica has changed what is registered, or made something due again. */
async function readChanged(service: CallbacksService, ids: Iterable<string>): Promise<void> {
  await service.presence().outbox.read();
  for (const id of ids) look(service, id);
}

async function readAgain(service: CallbacksService): Promise<void> {
  const presence = service.presence();
  const { outbox } = presence;
  // The presence service may still be opening the store: another replica's is enough for this one to start. Who delivers must read
  // though nothing changes, for what waits from before; and again, for a store that is not open yet may look empty.
  if (!outbox.wasRead && !presence.tends()) return;
  await outbox.read();
  await outbox.flush(presence.clock());
}

async function tidy(service: CallbacksService): Promise<void> {
  const presence = service.presence();
  if (!presence.tends()) return;
  const dropped = await presence.store.callbacks.tidy(presence.clock(), MOST_DELIVERIES);
  service.metrics.attempted('dropped', dropped);
  if (dropped > 0) service.logger.warn(`${dropped} deliveries to callbacks were dropped: too many were waiting`);
}

async function count(service: CallbacksService): Promise<void> {
  const presence = service.presence();
  if (!service.metrics.isOn) return;
  const counts = presence.tends() ? (await presence.store.callbacks.counts()).values() : undefined;
  service.metrics.counted(counts);
}

function jobs(): Partial<ServiceSchema>[] {
  const job = periodicMixin<CallbacksService>;
  return [
    job({ name: 'reading what callbacks there are', everyMs: READ_EVERY_MS, run: readAgain }),
    job({ name: 'delivering to callbacks', everyMs: LOOK_EVERY_MS, run: ({ deliverer }) => deliverer.look() }),
    job({ name: 'letting go of old deliveries', everyMs: TIDY_EVERY_MS, run: tidy }),
    job({ name: 'counting deliveries', everyMs: COUNT_EVERY_MS, firstAfterMs: FIRST_COUNT_AFTER_MS, run: count }),
  ] as Partial<ServiceSchema>[];
}

/** What the service consists of; the presence service beside it is there by now. */
function partsOf(service: CallbacksService, options: PosterOptions) {
  const presence = service.presence();
  const { store, outbox, clock } = presence;
  const poster = new Poster(options);
  const desk = new CallbackDesk({
    ...options,
    store: store.callbacks,
    clock,
    post: (request) => poster.post(request),
    onChanged: (id) => changed(service, id),
    everywhere: async () => (store.isShared ? delay(KNOWN_WITHIN_MS) : undefined),
  });
  const deliverer = new Deliverer({
    store: store.callbacks,
    clock,
    callbacks: () => outbox.callbacks,
    mayDeliver: () => presence.tends(),
    post: (callback, row) => poster.post(messageOf(callback, row, clock())),
    onGone: async (callback) => {
      service.logger.info(`the target of callback ${callback._id} says 410 Gone: nothing is sent there any more`);
      await desk.gone(callback);
    },
    onOutcome: (outcome) => service.metrics.attempted(outcome),
    warn: (message, error) => service.logger.warn(message, error),
  });
  return { poster, desk, deliverer, endListening: outbox.onPut(() => look(service)) };
}

async function letGo({ deliverer, poster }: CallbacksService): Promise<void> {
  if (!deliverer) return; // not started
  const late = setTimeout(() => poster.close(), STOP_WITHIN_MS);
  await Promise.race([deliverer.stop(), delay(STOP_WITHIN_MS + WRITTEN_WITHIN_MS, undefined, { ref: false })]);
  clearTimeout(late);
}

/** The service `callbacks`: whoever registers an address is told of every change of presence there, signed, until he has it. */
export function callbacksService(
  config: Pick<Config, 'CALLBACKS_ALLOW_PRIVATE'>,
  options: Pick<PosterOptions, 'lookup' | 'timeoutMs'> = {},
): ServiceSchema {
  return serviceSchema<CallbacksService>({
    name: 'callbacks',
    mixins: [besidePresenceMixin, ...jobs()] as Partial<ServiceSchema>[],
    actions,
    events,
    created(this: CallbacksService) {
      this.metrics = new CallbackMetrics(this.broker.metrics);
      this.heard = new Gathered(
        (ids) => readChanged(this, ids.keys()),
        (error) => this.logger.warn('what callbacks there are could not be read, it is tried again', error),
      );
    },
    async started(this: CallbacksService) {
      Object.assign(this, partsOf(this, { allowPrivate: config.CALLBACKS_ALLOW_PRIVATE, ...options }));
    },
    methods: {
      /** Begins no more deliveries; what became of those under way is written while the store is open (lib/http/drain). */
      drain(this: CallbacksService): Promise<void> {
        return letGo(this);
      },
    },
    async stopped(this: CallbacksService) {
      this.endListening?.();
      this.heard.stop();
      await this.drain(); // where this service alone is stopped
      this.poster?.close();
      await this.deliverer?.stop();
    },
  });
}

/** For the loader: the service as the environment says. */
export default (): ServiceSchema => callbacksService(readConfig(process.env));
