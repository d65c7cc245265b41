import { NodeProcesses } from '../../lib/replicas/node-processes';
import { EmbeddedStore, IN_MEMORY } from '../../lib/store/embedded-store';
import { HISTORY_DAYS, NOW, REFRESH_AFTER_MS, SECOND } from '../helpers/presence-builders';

const seen = (process: string) => ({ id: 'ddp-1', process, sinceMs: NOW, isNew: false });

/** Two replicas on one store. */
describe('processes that were lost and are back', () => {
  let nowMs: number;
  let store: EmbeddedStore;
  let former: NodeProcesses;
  let leader: NodeProcesses;
  beforeEach(async () => {
    nowMs = NOW;
    store = new EmbeddedStore({ dataDir: IN_MEMORY, refreshAfterMs: REFRESH_AFTER_MS, historyDays: HISTORY_DAYS });
    await store.open();
    [former, leader] = [1, 2].map(() => new NodeProcesses(store.instances, () => nowMs)) as [
      NodeProcesses,
      NodeProcesses,
    ];
    for (const one of [former, leader]) await one.look([seen('A')]);
  });
  afterEach(() => store.close());

  const lose = (drop = () => Promise.resolve()) =>
    former.lose('ddp-1', async (process) => {
      expect(process).toBe('A');
      await drop();
    });
  const LATER = new Map([['ddp-1', NOW + 1]]);
  const returned = async (isFirstLook = false, heard = LATER) => {
    const { back, unsure } = await leader.returned(heard, isFirstLook);
    return [...back.map(({ process }) => process), ...unsure.map((id) => `ask ${id}`)];
  };

  it('are told to a replica that did not drop their sessions, until they are restored', async () => {
    await leader.look([]);
    await lose();
    expect(await returned(true)).toEqual([]);
    await leader.look([seen('A')]);
    const {
      back: [back],
    } = await leader.returned(LATER, false);
    expect(back).toMatchObject({ id: 'ddp-1', process: 'A', lostMs: NOW });
    await leader.restored(back!);
    expect(await returned(true)).toEqual([]);
  });

  it('are told again if the former leader dropped sessions meanwhile, at the latest after 10 s', async () => {
    expect(await returned(true)).toEqual([]);
    await lose(async () => {
      const { back } = await leader.returned(LATER, true);
      await leader.restored(back[0]!);
    });
    expect(await returned()).toEqual([]);
    nowMs += 10 * SECOND;
    expect(await returned()).toEqual(['A']);
  });

  it('are not told while their sessions are still being dropped here', async () => {
    await lose(async () => {
      await former.look([seen('A')]);
      expect(await former.returned(LATER, true)).toEqual({ back: [], unsure: [] });
    });
    await former.look([seen('A')]);
    expect((await former.returned(LATER, false)).back).toHaveLength(1);
  });

  it('are asked who they are where they have not told since: another process may have the id', async () => {
    await lose();
    expect(await returned(true, new Map([['ddp-1', NOW]]))).toEqual(['ask ddp-1']);
    expect(await returned(true, new Map())).toEqual([]);
  });

  it('are not those that another process has replaced', async () => {
    await lose();
    for (const process of ['B', 'A']) {
      nowMs += 10 * SECOND;
      await leader.look([seen(process)]);
      expect(await returned(true)).toEqual([]);
    }
  });

  it('are not kept for where no replica has noted a process', async () => {
    const drop = jest.fn(() => Promise.resolve());
    await former.lose('ddp-2', drop);
    expect(drop).toHaveBeenCalledWith(undefined);
  });
});
