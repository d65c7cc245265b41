import type { NoteStore } from '../store/note-port';
import type { ServiceAccount } from './service-account';

/** How far an import is. */
export interface ImportState {
  /** Users that are here. */
  readonly imported: number;
  /** Users that Rocket.Chat had when it was last asked; 0 before. */
  readonly total: number;
  /** The greatest id that is here; pages go by id. */
  readonly lastId?: string;
  /** Where the next page begins. */
  readonly offset: number;
  /** Users whom nobody could take, since the import began. */
  readonly refused: number;
  readonly finishedAt?: Date;
}

/** A user as `users.list` tells it, as far as presence is concerned. */
export interface ListedUser {
  readonly _id: string;
  readonly username?: string;
  readonly name?: string;
  readonly type?: string;
  readonly roles?: readonly string[];
}

interface Page {
  readonly users: readonly ListedUser[];
  readonly total: number;
}

export interface ImportOptions {
  readonly account: Pick<ServiceAccount, 'call'>;
  readonly notes: NoteStore;
  /** Takes users in; durable when it resolves. @returns how many of them it did not take */
  readonly take: (users: readonly ListedUser[]) => Promise<number>;
  readonly onProgress?: (state: ImportState) => void;
}

const NOTE = 'rocketchat-import';
/** Rocket.Chat's upper limit for a page, unless its administrator has set another. */
const PAGE = 100;
const FROM_THE_START: ImportState = { imported: 0, total: 0, offset: 0, refused: 0 };

/**
 * Takes all users of a Rocket.Chat into this service's own database, a page at a time. How far it is is noted after each page, so
 * that it goes on there whatever happens to the process: at worst one page is taken twice, which changes nothing.
 */
export class UserImport {
  constructor(private readonly options: ImportOptions) {}

  async state(): Promise<ImportState> {
    return (await this.options.notes.read<ImportState>(NOTE)) ?? FROM_THE_START;
  }

  /** Begins anew, with the next `run`. */
  async restart(): Promise<void> {
    await this.options.notes.write(NOTE, FROM_THE_START);
  }

  /**
   * Goes on until all users are here; at once if they are.
   *
   * @throws RocketChatFault; PresenceError STORE_UNAVAILABLE; what stops it is no loss, the next `run` goes on from there
   */
  async run(signal: AbortSignal): Promise<ImportState> {
    let state = await this.state();
    while (!state.finishedAt) {
      signal.throwIfAborted();
      const next = await this.step(state, signal);
      // Begun anew meanwhile, maybe by another replica.
      const noted = await this.state();
      if (JSON.stringify(noted) !== JSON.stringify(state)) {
        state = noted;
        continue;
      }
      state = next;
      await this.options.notes.write(NOTE, state);
      this.options.onProgress?.(state);
    }
    return state;
  }

  /**
   * Pages go by number, and users may leave or join meanwhile. So a page begins with the last user of the one before: if that one
   * stands there no more, earlier ones have left, and it goes back until it meets somebody who is here.
   */
  private async step(state: ImportState, signal: AbortSignal): Promise<ImportState> {
    const { lastId, offset } = state;
    const { users, total } = await this.page(offset, signal);
    const first = users[0]?._id;
    if (lastId !== undefined && offset > 0 && (first === undefined || first > lastId)) {
      return { ...state, offset: Math.max(0, offset - PAGE) };
    }
    const fresh = users.filter(({ _id }) => lastId === undefined || _id > lastId);
    const refused = fresh.length > 0 ? await this.options.take(fresh) : 0;
    const last = users.at(-1)?._id ?? lastId;
    const isOver = offset + users.length >= total;
    return {
      imported: state.imported + fresh.length - refused,
      total,
      lastId: last !== undefined && (lastId === undefined || last > lastId) ? last : lastId,
      offset: offset + Math.max(users.length - 1, isOver ? 0 : 1),
      refused: state.refused + refused,
      ...(isOver && { finishedAt: new Date() }),
    };
  }

  private async page(offset: number, signal: AbortSignal): Promise<Page> {
    const query = { count: `${PAGE}`, offset: `${offset}`, sort: '{"_id":1}' };
    const page = await this.options.account.call<Page>({ method: 'GET', path: 'v1/users.list', query }, signal);
    return { users: page.users ?? [], total: page.total ?? 0 };
  }
}
