import type { RestRequest } from '../../../lib/rocketchat/rest-client';
import { UserImport, type ImportState } from '../../../lib/rocketchat/user-import';
import { EmbeddedNotes } from '../../../lib/store/embedded-notes';

const idOf = (i: number) => `u${String(i).padStart(5, '0')}`;
const never = new AbortController().signal;

/** Rocket.Chat's list of users, which somebody may change between two pages. */
class Listed {
  readonly ids: string[];
  pages = 0;
  between: (page: number) => void = () => undefined;

  constructor(users: number) {
    this.ids = Array.from({ length: users }, (_, i) => idOf(i));
  }

  async call<T>({ query }: RestRequest): Promise<T> {
    const [offset, count] = [Number(query!.offset), Number(query!.count)];
    this.between(++this.pages);
    const users = this.ids.slice(offset, offset + count).map((_id) => ({ _id, username: `name.of.${_id}` }));
    return { users, total: this.ids.length } as T;
  }
}

describe('an import of users', () => {
  let listed: Listed;
  let taken: string[];
  let notes: EmbeddedNotes;
  let told: ImportState[];
  const importer = (take = (ids: string[]) => void taken.push(...ids)) =>
    new UserImport({
      account: listed,
      notes,
      take: async (users) => {
        take(users.map(({ _id }) => _id));
        return 0;
      },
      onProgress: (state) => told.push(state),
    });

  beforeEach(async () => {
    [taken, told, notes] = [[], [], new EmbeddedNotes()];
    await notes.open();
  });

  it.each([0, 1, 99, 100, 101, 250, 1000])('of %d takes each once, in order', async (users) => {
    listed = new Listed(users);
    const state = await importer().run(never);
    expect(taken).toEqual(listed.ids);
    expect(state).toMatchObject({ imported: users, total: users, refused: 0, finishedAt: expect.any(Date) as Date });
    expect(told.at(-1)).toEqual(state);
  });

  it('that is over asks nothing more, until it is begun anew', async () => {
    listed = new Listed(10);
    await importer().run(never);
    const { pages } = listed;
    await importer().run(never);
    expect(listed.pages).toBe(pages);
    await importer().restart();
    await importer().run(never);
    expect(taken).toEqual([...listed.ids, ...listed.ids]);
  });

  it('begins anew at once where somebody asks for that meanwhile', async () => {
    listed = new Listed(300);
    let isAsked = false;
    listed.between = (page) => {
      if (page !== 2 || isAsked) return;
      isAsked = true;
      void importer().restart();
    };
    await importer().run(never);
    expect(taken.slice(-300)).toEqual(listed.ids);
    expect(taken.length).toBeGreaterThan(300);
  });

  it('goes on where it was, whatever stopped it; at worst a page is taken twice', async () => {
    listed = new Listed(1000);
    let left = 3;
    const failing = importer((ids) => {
      if (left-- === 0) throw new Error('stopped');
      taken.push(...ids);
    });
    await expect(failing.run(never)).rejects.toThrow('stopped');
    const { imported } = await importer().state();
    expect(imported).toBe(taken.length);
    await importer().run(never);
    expect(taken).toEqual(listed.ids);
  });

  it('misses nobody who stays, whoever leaves or joins meanwhile', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      [listed, taken, notes] = [new Listed(700), [], new EmbeddedNotes()];
      let random = seed;
      const next = (below: number) => (random = (random * 48_271) % 2_147_483_647) % below;
      const joined = new Set<string>();
      listed.between = () => {
        for (let i = 0; i < next(40); i++) listed.ids.splice(next(listed.ids.length), 1);
        for (let i = 0; i < next(3); i++) {
          const id = `${idOf(next(700))}.${joined.size}`;
          joined.add(id);
          listed.ids.push(id);
        }
        listed.ids.sort();
      };
      await importer().run(never);
      const here = new Set(taken);
      const missed = listed.ids.filter((id) => !joined.has(id) && !here.has(id));
      expect({ seed, missed }).toEqual({ seed, missed: [] });
      expect(here.size).toBe(taken.length);
    }
  });

  it('counts those whom nobody could take', async () => {
    listed = new Listed(150);
    const options = { account: listed, notes, take: async (users: readonly object[]) => (users.length > 50 ? 2 : 0) };
    await expect(new UserImport(options).run(never)).resolves.toMatchObject({ imported: 148, refused: 2, total: 150 });
  });

  it('ends when it is told to, and keeps what it has', async () => {
    listed = new Listed(1000);
    const stopping = new AbortController();
    listed.between = (page) => page === 3 && stopping.abort();
    await expect(importer().run(stopping.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect((await importer().state()).imported).toBe(taken.length);
  });
});
