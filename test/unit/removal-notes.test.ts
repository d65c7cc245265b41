import { RemovalNotes } from '../../lib/desk/removal-notes';

describe('notes of removals', () => {
  it('name each removal, and know those of a session that were heard of', () => {
    const [own, other] = [new RemovalNotes(), new RemovalNotes()];
    const removal = own.name('s');
    expect(own.of('s')).toEqual([removal]);
    expect(other.of('s')).toEqual([]);
    other.hear('s', removal);
    other.hear('s', removal);
    expect(other.of('s')).toEqual([removal]);
    expect(own.name('s')).not.toBe(removal);
    expect(other.name('s')).not.toBe(own.of('s').at(-1));
  });

  it('are announced together, before what has come in this turn of the loop is done', async () => {
    const told: unknown[] = [];
    const notes = new RemovalNotes((named) => told.push(named));
    const removals = [notes.name('a'), notes.name('b')];
    expect(told).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([{ sessions: ['a', 'b'], removals }]);
  });

  it('are told with each call: what was heard of its session, and since when anything is', () => {
    const notes = new RemovalNotes();
    expect(notes.arrivalOf('s', 7)).toEqual({ receivedMs: 7, heard: [] });
    notes.begin(5);
    const removal = notes.name('s');
    expect(notes.arrivalOf('s', 7)).toEqual({ receivedMs: 7, heard: [removal], hearsSinceMs: 5 });
  });

  it('are bounded: by a minute, by sessions, and of one session', () => {
    let nowMs = 0;
    const notes = new RemovalNotes(undefined, () => nowMs);
    for (let n = 0; n < 10; n++) notes.hear('s', `r${n}`);
    expect(notes.of('s')).toEqual(['r6', 'r7', 'r8', 'r9']);
    for (let n = 0; n < 100_010; n++) notes.hear(`s${n}`, 'r');
    expect(notes.size).toBe(100_000);
    nowMs = 60_000;
    notes.hear('late', 'r');
    expect(notes.size).toBe(1);
  });
});
