import type { HistoryRow } from '../../domain/history';
import type { PresenceChange } from '../../domain/presence';
import { PresenceError } from '../../lib/wire/errors';
import { HistoryWriter } from '../../lib/history/history-writer';
import { engineFixture, offline, session } from '../helpers/engine-fixture';
import { connect, NOW } from '../helpers/presence-builders';

const change = (uid: string, rev: number): PresenceChange => ({
  before: { _id: uid, status: 'offline', presenceRev: rev - 1 },
  after: { _id: uid, status: 'online', presenceRev: rev, presenceChange: { cause: 'connection', at: new Date(NOW) } },
});
const AWAY = new PresenceError('STORE_UNAVAILABLE', 'away');

describe('writing the history', () => {
  it('keeps what the store refuses, and writes it with what follows', async () => {
    const kept: HistoryRow[] = [];
    let isAway = true;
    const append = async (rows: readonly HistoryRow[]) => {
      if (isAway) throw AWAY;
      kept.push(...rows);
    };
    const writer = new HistoryWriter({ keeps: true, append });
    await expect(writer.write([change('ann', 1)], NOW)).rejects.toBe(AWAY);
    await expect(writer.write([change('bob', 1)], NOW)).rejects.toBe(AWAY);
    isAway = false;
    await writer.write([change('ann', 2)], NOW);
    await writer.write([change('bob', 2)], NOW);
    expect(kept.map(({ uid, rev }) => `${uid} ${rev}`)).toEqual(['ann 1', 'bob 1', 'ann 2', 'bob 2']);
  });

  it('asks nothing of a store that keeps none', async () => {
    const append = jest.fn(async () => {});
    await new HistoryWriter({ keeps: false, append }).write([change('ann', 1)], NOW);
    expect(append).not.toHaveBeenCalled();
  });
});

describe('a batch', () => {
  const fixture = engineFixture();
  const { engineOn, seed } = fixture;
  const history = async () => {
    const rows = await fixture.store.history.list({}, 100);
    return rows.map(({ uid, rev, from, to, cause }) => `${uid} ${rev}: ${from} → ${to}, ${cause}`).sort();
  };

  it('has its real changes in the history before they are told, and nothing else', async () => {
    await seed(offline('ann'), offline('bob', { status: 'online', statusDefault: 'online', presenceRev: 1 }));
    const keptWhenTold: number[] = [];
    jest.spyOn(fixture.changes, 'push').mockImplementation((...changes) => {
      keptWhenTold.push(changes.length);
      return 0;
    });
    const append = jest.spyOn(fixture.store.history, 'append');
    append.mockImplementationOnce(async function (this: typeof fixture.store.history, rows, nowMs) {
      expect(keptWhenTold).toEqual([]);
      append.mockRestore();
      await this.append(rows, nowMs);
    });
    await engineOn().run([
      session('ann', connect('a')),
      session('bob', connect('b')), // bob was shown online and is: nothing to keep
    ]);
    expect(keptWhenTold).toEqual([1]);
    expect(await history()).toEqual(['ann 2: offline → online, connection']);
  });

  it('is told although the history cannot be written, its callers get the error, and the history has it later', async () => {
    await seed(offline('ann'), offline('bob'));
    const engine = engineOn();
    jest.spyOn(fixture.store.history, 'append').mockRejectedValueOnce(AWAY);
    await expect(engine.run([session('ann', connect('a'))])).rejects.toBe(AWAY);
    expect(fixture.told()).toEqual(['ann: offline → online']);
    await engine.run([session('bob', connect('b'))]);
    expect(await history()).toEqual(['ann 2: offline → online, connection', 'bob 2: offline → online, connection']);
  });
});
