import type { Context, Service, ServiceSchema } from 'moleculer';
import { MAX_BATCH_ITEMS, reader } from '../lib/wire/contract';
import { PresenceError } from '../lib/wire/errors';
import { IMPORT_PROGRESS } from '../lib/repl/import';
import { RocketChatFault } from '../lib/rocketchat/faults';
import type { RocketChatLink } from '../lib/rocketchat/link';
import { UserImport, type ImportState, type ListedUser } from '../lib/rocketchat/user-import';
import { throttled } from '../lib/throttled';
import type { BesideService } from './beside-presence.mixin';
import { periodicMixin } from './periodic.mixin';

export interface ImportingService extends BesideService {
  readonly link: RocketChatLink | undefined;
  userImport: UserImport | undefined;
  importing: Promise<ImportState> | undefined;
  tellImport: ((state: ImportState) => void) | undefined;
}

const SECOND = 1000;
const LOOK_EVERY_MS = 30 * SECOND;
const FIRST_LOOK_AFTER_MS = SECOND;
const TELL_EVERY_MS = SECOND;
const LOG_EVERY_MS = 10 * SECOND;
/** Who joined Rocket.Chat since, or has another name, is known after this at the latest. */
const AGAIN_AFTER_MS = 24 * 60 * 60 * SECOND;

const readImport = reader<{ again?: boolean }>(['again'], { again: { type: 'boolean', optional: true } }, false);

/**
 * Takes the users of Rocket.Chat into a database of this service's own: at first start, once a day, and when asked to. One replica
 * does it; what was not done when that one goes the next one does.
 */
export function rocketChatImportMixin(): Partial<ServiceSchema> {
  const stopping = new AbortController();
  return {
    mixins: [
      periodicMixin<ImportingService>({
        name: 'importing the users of Rocket.Chat',
        everyMs: LOOK_EVERY_MS,
        firstAfterMs: FIRST_LOOK_AFTER_MS,
        run: (service) => importIfDue(service, stopping.signal),
      }),
    ] as Partial<ServiceSchema>[],
    actions: {
      /** Begins, or goes on with, an import; `again`: from the start. @returns how far it is, at once */
      import: {
        async handler(this: ImportingService, ctx: Context): Promise<ImportState> {
          const { again = false } = readImport(ctx.params);
          const importer = importerOf(this);
          if (again) await importer.restart();
          void goOn(this, importer, stopping.signal).catch(() => undefined);
          return importer.state();
        },
      },
    },
    async stopped(this: Service) {
      stopping.abort();
      await (this as ImportingService).importing?.catch(() => undefined);
    },
  };
}

/** @throws PresenceError NOT_CONFIGURED; USERS_NOT_OURS */
function importerOf(service: ImportingService): UserImport {
  const { link } = service;
  if (!link) throw new PresenceError('NOT_CONFIGURED', 'there is no account at Rocket.Chat (ROCKETCHAT_USERNAME)');
  const { store } = service.presence();
  if (!store.createsUsers)
    throw new PresenceError('USERS_NOT_OURS', "the users of this database are Rocket.Chat's already");
  service.userImport ??= new UserImport({
    account: link.account,
    notes: store.notes,
    take: (users) => take(service, users),
    onProgress: (state) => service.tellImport?.(state),
  });
  return service.userImport;
}

async function importIfDue(service: ImportingService, signal: AbortSignal): Promise<void> {
  const presence = service.presence();
  if (!service.link || !presence.store.createsUsers || !presence.isLeader()) return;
  const importer = importerOf(service);
  const { finishedAt } = await importer.state();
  if (finishedAt && presence.clock() - finishedAt.getTime() < AGAIN_AFTER_MS) return;
  if (finishedAt) await importer.restart();
  await goOn(service, importer, signal).catch((error: unknown) => {
    // Said by the link already, in a line for an operator.
    if (!(error instanceof RocketChatFault) && !signal.aborted) throw error;
  });
}

/** One at a time. */
function goOn(service: ImportingService, importer: UserImport, signal: AbortSignal): Promise<ImportState> {
  service.importing ??= run(service, importer, signal).finally(() => (service.importing = undefined));
  return service.importing;
}

/** The first of each run at once. */
function progressOf({ broker, logger }: Service): (state: ImportState) => void {
  const tell = throttled(TELL_EVERY_MS, (state: ImportState) => void broker.broadcast(IMPORT_PROGRESS, [state]));
  const log = throttled(LOG_EVERY_MS, ({ imported, total }: ImportState) => {
    logger.info(`importing users of Rocket.Chat: ${imported} of ${total}`);
  });
  return (state) => {
    tell(state);
    log(state);
  };
}

async function run(service: ImportingService, importer: UserImport, signal: AbortSignal): Promise<ImportState> {
  service.tellImport = progressOf(service);
  try {
    const { imported, refused } = await importer.run(signal);
    service.logger.info(
      `users of Rocket.Chat are here: ${imported}${refused ? `, ${refused} could not be taken` : ''}`,
    );
  } catch (error) {
    if (error instanceof RocketChatFault) service.link?.failed(error);
    throw error;
  }
  return importer.state();
}

/** @returns how many were not taken */
async function take({ broker, logger }: Service, users: readonly ListedUser[]): Promise<number> {
  let refused = 0;
  for (let first = 0; first < users.length; first += MAX_BATCH_ITEMS) {
    const items = users.slice(first, first + MAX_BATCH_ITEMS).map(identityOf);
    const results = await broker.call<{ ok: boolean; error?: { code: string } }[], unknown[]>('presence.upsertUsers', [
      items,
    ]);
    const failed = results.filter(({ ok }) => !ok);
    refused += failed.length;
    const passing = failed.find(({ error }) => error?.code !== 'INVALID_ARGUMENT');
    if (passing) throw new PresenceError('STORE_UNAVAILABLE', `users could not be written: ${passing.error?.code}`);
  }
  if (refused > 0) logger.warn(`${refused} users of Rocket.Chat are not as users can be`);
  return refused;
}

/** Rocket.Chat writes null where somebody has no name. */
function identityOf({ _id, username, name, type, roles }: ListedUser): object {
  const known = Object.entries({ _id, username, name, type, roles }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return Object.fromEntries(known);
}
